#pragma once
// What a process that shares its store with others knows of them, for the transport: sessions that were opened
// elsewhere, counts of all instances, who holds which product's lock, how far the relay is. A process that is alone
// has none. Thread-safe; every function but stats() may block for as long as Redis or the database may take (at most
// 50 ms, and the read pool's bound): call them on a pool, never on an io thread.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bus/counter.hpp"
#include "bus/lock.hpp"
#include "engine/account_book.hpp"
#include "engine/relay.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

struct ClusterStats {
    RelayStats relay;
    bus::LockStats locks;
    bool redis_expected = false;   // a Redis is configured
    bool redis_connected = false;  // and answers: messages come, and locks are taken
    bool locking = false;          // locks are switched on
};

class Cluster {
  public:
    // `counter` and `locks` may be null. All references outlive the cluster.
    Cluster(storage::ReadStore& store, AccountBook& accounts, const Relay& relay, bus::Counter* counter,
            bus::LockService* locks, bool redis_expected);

    // Looks for a session that this process has not heard of, and puts it into the account book. True when there is
    // one. A token that was not found is not looked for again for a second, so that guessing costs the database little.
    bool fetch_session(const domain::TokenHash& hash);

    // Adds one to a count of all instances and returns it; nullopt when nobody can tell now.
    std::optional<std::int64_t> count(std::string_view key, std::chrono::milliseconds window);
    std::optional<std::int64_t> counted(std::string_view key);

    // Who holds which lock, by SKU, at most `limit`.
    std::vector<bus::LockView> held_locks(std::size_t limit);

    ClusterStats stats() const;

  private:
    static constexpr std::size_t missing_max = 4096;
    static constexpr std::chrono::seconds missing_for{1};
    using Time = std::chrono::steady_clock::time_point;
    bool is_missing(const domain::TokenHash& hash);
    void note_missing(const domain::TokenHash& hash);

    storage::ReadStore& store_;
    AccountBook& accounts_;
    const Relay& relay_;
    bus::Counter* const counter_;
    bus::LockService* const locks_;
    const bool redis_expected_;
    std::mutex mutex_;
    std::unordered_map<std::string, Time> missing_;  // token hash → when it was not found; guarded by mutex_
};

}  // namespace onhand::engine
