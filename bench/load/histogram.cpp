#include "load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/ensure.hpp"

namespace onhand::bench {

// A value of n bits keeps its first step_bits + 1 bits; the slots of one length follow those of the length below.
std::size_t Histogram::slot_of(std::uint64_t value) {
    if (value < exact_values) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - (step_bits + 1);
    const auto leading = static_cast<std::size_t>(value >> shift);
    return (static_cast<std::size_t>(shift) << step_bits) + leading;
}

std::uint64_t Histogram::last_value_of(std::size_t slot) {
    if (slot < exact_values) return slot;
    const auto shift = static_cast<unsigned>(slot >> step_bits) - 1;
    const std::uint64_t leading = slot - (static_cast<std::size_t>(shift) << step_bits);
    return ((leading + 1) << shift) - 1;
}

void Histogram::record(std::uint64_t microseconds) {
    counts_[slot_of(std::min(microseconds, value_max))] += 1;
    count_ += 1;
    sum_ += microseconds;
    max_ = std::max(max_, microseconds);
}

void Histogram::add(const Histogram& other) {
    for (std::size_t slot = 0; slot < slots; ++slot) counts_[slot] += other.counts_[slot];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const {
    ensure(percent > 0.0 && percent <= 100.0, "a percentile lies between 0 and 100");
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * percent / 100.0));
    std::uint64_t seen = 0;
    for (std::size_t slot = 0; slot < slots; ++slot) {
        seen += counts_[slot];
        if (seen >= wanted) return std::min(last_value_of(slot), max_);
    }
    return max_;
}

}  // namespace onhand::bench
