#include "bus/redis/lane_signals.hpp"

#include <utility>

namespace onhand::bus::redis {

void LaneSignals::set_on_free(std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    on_free_ = std::move(callback);
}

void LaneSignals::tell_wanted(std::string_view sku) {
    const std::lock_guard lock(mutex_);
    news_.wanted.emplace(sku);
    bound();
    // The lane may have nothing to do, and hand it over at once.
    if (on_free_) on_free_();
}

void LaneSignals::tell_free(std::string_view sku) {
    const std::lock_guard lock(mutex_);
    news_.free.emplace(sku);
    bound();
    if (on_free_) on_free_();
}

void LaneSignals::tell_given(std::string_view sku, bool others_wait) {
    const std::lock_guard lock(mutex_);
    news_.gifts.insert_or_assign(std::string(sku), Gift{clock_.mono_ns(), others_wait});
    bound();
    if (on_free_) on_free_();
}

void LaneSignals::tell_stale() {
    const std::lock_guard lock(mutex_);
    news_.all_is_stale = true;
    if (on_free_) on_free_();
}

LaneSignals::News LaneSignals::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, {});
}

void LaneSignals::bound() {
    if (news_.wanted.size() + news_.free.size() + news_.gifts.size() <= told_max) return;
    news_ = {};
    news_.all_is_stale = true;
}

}  // namespace onhand::bus::redis
