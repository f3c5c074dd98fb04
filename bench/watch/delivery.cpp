#include "watch/delivery.hpp"

#include <algorithm>

namespace onhand::bench::watch {

namespace {

std::uint64_t microseconds_between(TimePoint from, TimePoint to) {
    const auto span = std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
    return span < 0 ? 0 : static_cast<std::uint64_t>(span);
}

}  // namespace

std::uint64_t DeliveryBook::close() {
    std::erase_if(sent_, [this](const auto& entry) { return entry.second < from_ || entry.second >= to_; });
    std::erase_if(told_, [this](const ToldOrder& order) { return !sent_.contains(order.number); });
    std::ranges::sort(told_, {}, &ToldOrder::seq);
    return sent_.size() - told_.size();
}

void DeliveryBook::add(const Watcher& watcher, Deliveries& deliveries) const {
    Histogram own;
    std::uint64_t wanted = 0;
    for (const auto& order : told_) wanted += watcher.watches(order.product) ? 1 : 0;
    auto next = told_.begin();
    for (const auto& arrival : watcher.arrivals) {
        while (next != told_.end() && next->seq < arrival.from) ++next;
        for (; next != told_.end() && next->seq <= arrival.to; ++next) {
            if (!watcher.watches(next->product)) continue;
            own.record(microseconds_between(sent_.at(next->number), arrival.at));
        }
    }
    deliveries.latencies.add(own);
    deliveries.worst_p99 = std::max(deliveries.worst_p99, own.percentile(99));
    deliveries.missed += wanted - own.count();
}

}  // namespace onhand::bench::watch
