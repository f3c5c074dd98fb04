#pragma once
// What tests of the locks share: processes with a lock service each, lanes, and waiting for what must come about. For
// tests only.

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bus/redis/locator.hpp"
#include "bus/redis/lock_service.hpp"
#include "bus/redis/settings.hpp"

namespace onhand::bus::redis {

inline constexpr std::chrono::seconds test_patience{20};

// Whether `condition` comes true; for what other processes and threads bring about.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + test_patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

inline Settings settings_of(const std::string& url) {
    auto settings = parse_url(url);
    return settings ? *settings : throw std::invalid_argument(settings.error().message);
}

// For tests in which Redis answers, and nothing ends by the time it took, however slow the machine is at the moment.
inline constexpr std::chrono::milliseconds patient_call{10'000};
inline LockOptions patient_options(std::string instance = {}) {
    LockOptions options;
    options.instance = std::move(instance);
    options.lease = 3 * test_patience;
    options.call_max = patient_call;
    options.silence_max = 2 * test_patience;
    options.gift_max = 2 * test_patience;
    return options;
}

// One process: an instance with its locks. Its clock stands still unless it is given another.
struct Instance {
    explicit Instance(const std::string& url, LockOptions options = patient_options(),
                      const Clock* other_clock = nullptr)
        : locator(settings_of(url), options.scope),
          service(locator, std::move(options), other_clock != nullptr ? *other_clock : clock) {}

    ManualClock clock;
    Locator locator;
    RedisLockService service;
};

// One lane, with a count of the calls that told it to look again.
class Lane {
  public:
    explicit Lane(LockService& service, int number = 0) : locks(service.locks_of_lane(number)) {
        locks->on_free([this] {
            {
                const std::lock_guard lock(mutex_);
                ++frees_;
            }
            changed_.notify_all();
        });
    }

    std::vector<bool> acquire(std::vector<std::string_view> skus) {
        last = locks->acquire(skus);
        return last.granted;
    }
    bool has(std::string_view sku) { return acquire({sku}).front() && !last.away; }
    void hand_over(std::vector<std::string_view> wanted = {}) { locks->hand_over(wanted); }

    int frees() {
        const std::lock_guard lock(mutex_);
        return frees_;
    }
    // Whether it was told more often than `seen` times.
    bool waits_for_free(int seen, std::chrono::milliseconds patience = test_patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return frees_ > seen; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int frees_ = 0;

  public:
    LockAnswer last;
    std::unique_ptr<ProductLocks> locks;  // last, so that it goes first: it calls back
};

}  // namespace onhand::bus::redis
