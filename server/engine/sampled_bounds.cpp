#include "engine/sampled_bounds.hpp"

#include <algorithm>
#include <cmath>

namespace onhand::engine {

namespace {

constexpr std::size_t sample_least = 256;
// At the ends, where few rows of the sample lie beyond the rank.
constexpr double margin_least = 6;
// In standard deviations of the rank that a row of the sample has among all rows (of the binomial distribution).
constexpr double margin_deviations = 3;

double margin_at(double rank, double sampled) {
    return margin_least + margin_deviations * std::sqrt(rank * (sampled - rank) / sampled);
}

}  // namespace

std::size_t sampled_place(std::size_t i, std::size_t size) {
    // 2^32 divided by the golden ratio; the low 32 bits of the product are the fraction of i steps.
    constexpr std::uint64_t step = 2'654'435'769;
    const std::uint64_t fraction = i * step & 0xFFFF'FFFFU;
    return static_cast<std::size_t>(fraction * size >> 32U);
}

KeyBounds guess_bounds(std::span<std::int64_t> sample, std::size_t total, std::size_t first, std::size_t last) {
    KeyBounds bounds;
    if (sample.size() < sample_least) return bounds;
    const auto sampled = static_cast<double>(sample.size());
    const auto rank_in_sample = [&](std::size_t rank) {
        return static_cast<double>(rank) * sampled / static_cast<double>(total);
    };
    const auto key_at = [&](double rank) {
        const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank);
        std::ranges::nth_element(sample, at);
        return *at;
    };
    const auto from = rank_in_sample(first);
    const auto to = rank_in_sample(last);
    const auto low = from - margin_at(from, sampled);
    const auto high = to + margin_at(to, sampled);
    if (low >= 0) bounds.low = key_at(low);
    if (high < sampled) bounds.high = key_at(high);
    return bounds;
}

}  // namespace onhand::engine
