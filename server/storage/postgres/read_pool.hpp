#pragma once
// The read connections and who uses them: a session serves one call at a time, made when it is first needed and made
// anew when it was lost. Waiting for one is bounded, and so is what a call may take. Thread-safe.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres {

// How long a call waits for a session.
inline constexpr std::chrono::milliseconds session_wait{5'000};
// One statement of a reader may take this long; then the server ends it and the call answers unavailable.
inline constexpr std::chrono::milliseconds read_statement_max{20'000};

class ReadPool {
  public:
    // At most `sessions` connections, made with `options`, whose settings and time-out for answers the pool replaces.
    ReadPool(ConnectOptions options, int sessions, std::chrono::milliseconds wait = session_wait);

    // A borrowed connection; goes back at the end of the scope, rolled back.
    class Lease {
      public:
        Lease(ReadPool& pool, std::size_t session) : pool_(pool), session_(session) {}
        ~Lease() { pool_.give_back(session_); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Connection& operator*() const { return *pool_.sessions_[session_].connection; }

      private:
        ReadPool& pool_;
        std::size_t session_;
    };

    // Waits for a free session and connects it if need be. Throws SqlError when there is none in time, or no server.
    Lease borrow();

    // A connection was found lost: perhaps all are. Those made before now are made anew when they are next borrowed.
    void distrust();

  private:
    void connect(std::size_t session, std::uint64_t generation);
    void give_back(std::size_t session) noexcept;

    ConnectOptions options_;
    std::chrono::milliseconds wait_;
    struct Session {
        std::unique_ptr<Connection> connection;  // null until first needed
        std::uint64_t generation = 0;            // when it was connected
    };
    std::vector<Session> sessions_;  // each used by its borrower only
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::size_t> free_;  // guarded by mutex_
    std::uint64_t generation_ = 0;   // guarded by mutex_; counts distrust()
};

}  // namespace onhand::storage::postgres
