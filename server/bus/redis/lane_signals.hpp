#pragma once
// What other lanes tell one lane about its locks, on its way from the pub/sub thread, which writes, to the lane, which
// reads. Thread-safe. It knows nothing of Redis.

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace onhand::bus::redis {

class LaneSignals {
  public:
    // A lock that another lane gave to this one.
    struct Gift {
        MonoNanos told = 0;
        bool others_wait = false;
    };
    // What was told since the last look.
    struct News {
        std::set<std::string, std::less<>> wanted;  // held by this lane; another waits
        std::set<std::string, std::less<>> free;    // this lane waits for them, and may take them
        std::map<std::string, Gift, std::less<>> gifts;
        bool all_is_stale = false;  // messages may have been missed
    };

    // The clock outlives it.
    explicit LaneSignals(const Clock& clock) : clock_(clock) {}

    // Set once before anything is told; an empty one ends the calls, and waits for one that is under way.
    void set_on_free(std::function<void()> callback);

    void tell_wanted(std::string_view sku);
    void tell_free(std::string_view sku);
    void tell_given(std::string_view sku, bool others_wait);
    void tell_stale();

    News take();

  private:
    // More products than a lane holds: from then on all counts as told.
    static constexpr std::size_t told_max = 10'000;
    void bound();

    const Clock& clock_;
    std::mutex mutex_;
    std::function<void()> on_free_;
    News news_;
};

}  // namespace onhand::bus::redis
