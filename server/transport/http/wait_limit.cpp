#include "transport/http/wait_limit.hpp"

#include <algorithm>

namespace onhand::http {

void WaitLimit::left(MonoNanos now, MonoNanos waited) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    answered_.fetch_add(1, std::memory_order_relaxed);
    auto shortest = waited_shortest_.load(std::memory_order_relaxed);
    while (waited < shortest && !waited_shortest_.compare_exchange_weak(shortest, waited, std::memory_order_relaxed)) {
    }
    if (now >= window_end_.load(std::memory_order_relaxed)) judge(now);
}

// At the end of a window of wait_max or longer. Only when even the luckiest waited too long is there a storm: a commit
// that took its time once delays some, and leaves the next ones alone.
void WaitLimit::judge(MonoNanos now) {
    const std::unique_lock lock(judging_, std::try_to_lock);
    if (!lock || now < window_end_.load(std::memory_order_relaxed)) return;
    const auto answered = answered_.exchange(0, std::memory_order_relaxed);
    const auto shortest = waited_shortest_.exchange(std::numeric_limits<MonoNanos>::max(), std::memory_order_relaxed);
    const auto length = std::max(now - window_begin_, MonoNanos{1});
    const auto limit = limit_.load(std::memory_order_relaxed);
    const bool first = window_begin_ == 0;
    window_begin_ = now;
    window_end_.store(now + wait_max, std::memory_order_relaxed);
    if (first) return;
    auto next = limit;
    if (shortest > wait_max) {
        const auto affordable =
            static_cast<double>(answered) * static_cast<double>(wait_max) / static_cast<double>(length);
        next = std::max(waiting_min, static_cast<std::int64_t>(affordable));
    } else if (limit != no_limit) {
        // Half empty: the storm is over, or the limit was too low.
        const auto waiting = waiting_.load(std::memory_order_relaxed);
        next = waiting < limit / 2 ? no_limit : limit + limit / 4;
    }
    limit_.store(next, std::memory_order_relaxed);
}

}  // namespace onhand::http
