#include "transport/live/round_pace.hpp"

#include <algorithm>
#include <numeric>

namespace onhand::live {

namespace {

RoundPace::Duration times(RoundPace::Duration duration, double factor) {
    return std::chrono::duration_cast<RoundPace::Duration>(duration * factor);
}

}  // namespace

RoundPace::Duration RoundPace::round() const {
    const auto all = std::accumulate(costs_.begin(), costs_.end(), Duration::zero());
    return std::clamp(times(all, 1.0 / idle_share), round_min, round_usual);
}

RoundPace::Duration RoundPace::pause_after(Duration cost) {
    return std::min(times(cost, 1.0 / busy_share - 1.0), pause_max);
}

}  // namespace onhand::live
