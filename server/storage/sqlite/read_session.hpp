#pragma once
// One read-only connection with everything prepared on it, and the pool that lends such sessions to the threads that
// read. A session serves one call at a time. Reading is bounded in time, because a reader that never ends would keep
// the log from being emptied.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "storage/sqlite/derived_reader.hpp"
#include "storage/sqlite/lists.hpp"
#include "storage/sqlite/log_gate.hpp"
#include "storage/sqlite/rows.hpp"

namespace onhand::storage::sqlite {

// One reading call may take this long; then it is interrupted and answers unavailable.
inline constexpr MonoNanos read_time_max_ns = 20'000'000'000;
// How long a call waits for a session.
inline constexpr int session_wait_ms = 5'000;

struct ReadSession {
    ReadSession(const std::string& path, const std::string& derived_path, const Lists& lists);

    const Lists& lists;
    Connection main;
    OrderLookup orders;
    DerivedReader derived;
    Statement head;
    Statement products;
    Statement movement;        // by feed number
    Statement movements_up;    // seq > ?1 and seq <= ?2, rising
    Statement movements_down;  // seq < ?1 and seq > ?2, falling
    Statement orders_up;       // seq > ?1 and seq <= ?2
    Statement orders_down;     // seq < ?1 and seq > ?2
    Statement events_up;       // seq > ?1 and seq <= ?2
    Statement event_chain;     // order_seq, previous of one event
    Statement changed_orders;  // orders named by events with seq > ?1 and seq <= ?2
    MonoNanos deadline = 0;    // of the call in hand; 0 = none

    domain::FeedSeq read_head();
};

class ReadPool {
  public:
    // `lists` and `gate` outlive the pool.
    ReadPool(const std::string& path, const std::string& derived_path, const Lists& lists, LogGate& gate, int sessions);

    // A borrowed session; goes back at the end of the scope. Whoever has one stands in the gate.
    class Lease {
      public:
        Lease(ReadPool& pool, ReadSession* session) : pool_(pool), session_(session), reading_(&pool.gate_) {}
        ~Lease() { pool_.give_back(session_); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ReadSession& operator*() const { return *session_; }
        ReadSession* operator->() const { return session_; }

      private:
        ReadPool& pool_;
        ReadSession* session_;
        LogGate::Reading reading_;
    };

    // Waits for a free session; throws SqlError (INTERRUPT) after session_wait_ms. `limited` sets the time bound.
    Lease borrow(bool limited = true);

  private:
    void give_back(ReadSession* session);
    LogGate& gate_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<ReadSession>> sessions_;
    std::vector<ReadSession*> free_;  // guarded by mutex_
};

}  // namespace onhand::storage::sqlite
