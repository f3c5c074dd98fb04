#include "transport/http/import_pace.hpp"

#include <algorithm>

namespace onhand::http {

namespace {

constexpr double second_ns = 1e9;

double seconds_between(MonoNanos from, MonoNanos to) {
    return static_cast<double>(std::max<MonoNanos>(to - from, 1)) / second_ns;
}

}  // namespace

// From beginning to beginning: who came during a part is taken on behind it.
void ImportPace::begin_part(MonoNanos now, std::uint64_t commands) {
    const auto taken_on = commands - commands_;
    rate_ = static_cast<double>(taken_on - std::min(taken_on, own_commands_)) / seconds_between(begun_, now);
    begun_ = now;
    commands_ = commands;
    own_commands_ = 1;
}

void ImportPace::end_part(MonoNanos now, std::size_t rows) {
    constexpr double step_most = 2;
    const auto took = seconds_between(begun_, now);
    double factor = step_most;
    if (rate_ > 0) {
        const auto fitting = std::min(import_part_seconds, import_part_delay / (rate_ * rate_));
        factor = std::clamp(fitting / took, 1 / step_most, step_most);
    }
    rows_ = std::clamp(static_cast<std::size_t>(static_cast<double>(rows) * factor), import_part_rows_least,
                       import_part_rows_most);
    const auto share = std::min(1.0, rate_ / import_full_rest_rate);
    rest_ = static_cast<MonoNanos>(std::min(took, import_part_seconds) * share * second_ns);
}

}  // namespace onhand::http
