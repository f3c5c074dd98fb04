#pragma once
// The lock port: which lane of which instance may work on a product now. Locks are for speed only: they keep instances
// from queueing on the same rows of the database, which alone keep stock right. So every call has a short bound, and
// whoever cannot get an answer in time goes on without a lock. Adapter: bus/redis; a process that is alone has none.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace onhand::bus {

inline constexpr std::chrono::milliseconds lock_lease{2000};    // a lock ends by itself after this time
inline constexpr std::chrono::milliseconds lock_patience{100};  // who waited this long goes on without the lock
inline constexpr std::chrono::milliseconds lock_time_max{50};   // of one call to Redis
inline constexpr std::chrono::milliseconds lock_keep_max{20};   // a kept lock is looked at again after this time

// What acquire() says of each SKU asked for.
struct LockAnswer {
    std::vector<bool> granted;  // in the order of the SKUs; false: another lane holds it, or is first in line
    bool is_new = false;        // at least one was not held before this call: draw a fence
    bool away = false;          // no answer in time: all count as granted, none is held, and there is nothing to fence
};

// The locks of one lane. Used by that lane's thread, except where said otherwise.
class ProductLocks {
  public:
    virtual ~ProductLocks() = default;

    // Takes the locks of `skus` (sorted, each once) where nobody else has them or waits for them longer; those held
    // already are extended when they need it. Asking for one that is taken also gets this lane in line for it.
    virtual LockAnswer acquire(std::span<const std::string_view> skus) = 0;

    // After a batch: gives up every lock that is held, except those of `wanted` (sorted, each once) that nobody else
    // waits for. Who waits is told at once.
    virtual void hand_over(std::span<const std::string_view> wanted) = 0;

    // True when another lane waits for a lock that this one holds, as far as is known. Asks nobody.
    virtual bool others_wait() = 0;

    // Gives up everything and leaves every line. Before the lane ends.
    virtual void release_all() = 0;

    // Set once, before the first acquire(): called on another thread when a lock this lane waits for may be free. It
    // may also be called for nothing, and a call may be lost.
    virtual void on_free(std::function<void()> callback) = 0;
};

// One held lock, for people to look at.
struct LockView {
    std::string sku;
    std::string owner;         // instance and lane
    std::int64_t held_ms = 0;  // since it was taken, by Redis's clock
    std::int64_t lease_left_ms = 0;
    std::vector<std::string> waiting;  // in line, first one first
};

// Figures of all lanes of this process; counters only rise.
struct LockStats {
    std::uint64_t acquired = 0;     // taken anew
    std::uint64_t refused = 0;      // another had it
    std::uint64_t away = 0;         // batches that went on without Redis
    std::uint64_t handed_over = 0;  // given up because somebody waited
    bool connected = false;
};

// The lock service of a process: makes the locks of its lanes. Thread-safe.
class LockService {
  public:
    virtual ~LockService() = default;
    // `lane` counts from 0. The service outlives the locks.
    virtual std::unique_ptr<ProductLocks> locks_of_lane(int lane) = 0;
    // Who holds what, of all instances, by SKU, at most `limit`. Blocking, at most lock_time_max; empty when away.
    virtual std::vector<LockView> held(std::size_t limit) = 0;
    virtual LockStats stats() const = 0;
};

}  // namespace onhand::bus
