#pragma once
// The lock service over Redis: makes the locks of a process's lanes, listens for what other lanes tell them, and shows
// who holds what. Made by the program, which gives it to the engine; thread-safe.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "bus/lock.hpp"
#include "bus/redis/locator.hpp"
#include "bus/redis/product_locks.hpp"
#include "bus/redis/pub_sub.hpp"

namespace onhand::bus::redis {

class RedisLockService final : public LockService {
  public:
    // Locator and clock outlive it. Starts its thread.
    RedisLockService(Locator& locator, LockOptions options, const Clock& clock);
    ~RedisLockService() override;
    RedisLockService(const RedisLockService&) = delete;
    RedisLockService& operator=(const RedisLockService&) = delete;

    // The owner of the locks is "<instance>.<lane>.<random>", new at each call.
    std::unique_ptr<ProductLocks> locks_of_lane(int lane) override;
    std::vector<LockView> held(std::size_t limit) override;
    LockStats stats() const override;
    // Whether hints from other lanes come at this moment; without them a lane asks more often.
    bool hears() const { return ear_.connected(); }

  private:
    PubSub ear_;
    LockSurroundings surroundings_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<LaneSignals>> lanes_;
};

}  // namespace onhand::bus::redis
