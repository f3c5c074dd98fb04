#pragma once
// What /metrics says of HTTP: requests by route and status class with their times. Each io thread counts into its own
// cells, so that counting costs no contended cache line; a scrape adds them up. The text form is prometheus-cpp's.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace onhand::http {

// Upper bounds of the buckets of request times, in seconds.
inline constexpr std::array<double, 12> duration_bounds_s{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                                          0.05,   0.1,   0.25,  0.5,   1.0,  5.0};

class RequestCounters {
  public:
    explicit RequestCounters(std::size_t routes) : cells_(routes) {}

    // Counts one answered request. The one thread that owns these counters.
    void count(std::size_t route, std::int32_t status, MonoNanos duration);

    struct Cell {
        std::array<std::atomic<std::uint64_t>, 5> by_class{};  // 1xx … 5xx
        std::array<std::atomic<std::uint64_t>, duration_bounds_s.size() + 1> by_duration{};
        std::atomic<std::uint64_t> nanoseconds{0};
    };
    // Any thread.
    const Cell& cell(std::size_t route) const { return cells_[route]; }
    std::size_t routes() const { return cells_.size(); }

  private:
    std::vector<Cell> cells_;
};

// Numbers of the whole server that are not about one request. Any thread.
struct ServerGauges {
    std::atomic<std::int64_t> connections{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> turned_away{0};  // at connections_max
    std::atomic<std::uint64_t> timed_out{0};
    std::atomic<std::uint64_t> malformed{0};  // heads refused
};

}  // namespace onhand::http
