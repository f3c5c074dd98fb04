#include "transport/http/metrics.hpp"

#include <algorithm>

namespace onhand::http {
namespace {

// Only one thread writes, so reading and writing back is enough; readers see some recent value.
void add(std::atomic<std::uint64_t>& cell, std::uint64_t value) {
    cell.store(cell.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

}  // namespace

void RequestCounters::count(std::size_t route, std::int32_t status, MonoNanos duration) {
    auto& cell = cells_[route];
    add(cell.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)], 1);
    const auto seconds = static_cast<double>(duration) / 1e9;
    const auto bound = std::lower_bound(duration_bounds_s.begin(), duration_bounds_s.end(), seconds);
    add(cell.by_duration[static_cast<std::size_t>(bound - duration_bounds_s.begin())], 1);
    add(cell.nanoseconds, static_cast<std::uint64_t>(std::max<MonoNanos>(duration, 0)));
}

}  // namespace onhand::http
