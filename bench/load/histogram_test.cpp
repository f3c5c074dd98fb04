#include "load/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace onhand::bench {
namespace {

// What percentile() promises, found the slow way.
std::uint64_t exact_percentile(std::vector<std::uint64_t> values, double percent) {
    std::ranges::sort(values);
    const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(values.size()) * percent / 100.0));
    return values[rank - 1];
}

TEST(Histogram, is_empty_at_first) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.percentile(99), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, is_exact_for_small_values) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 200; ++value) histogram.record(value);
    EXPECT_EQ(histogram.percentile(50), 100U);
    EXPECT_EQ(histogram.percentile(99), 198U);
    EXPECT_EQ(histogram.percentile(100), 200U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 100.5);
}

TEST(Histogram, keeps_one_value_within_its_step_and_never_above_the_maximum) {
    for (unsigned bit = 0; bit < 32; ++bit) {
        for (const std::int64_t offset : {-1, 0, 1}) {
            const auto value = static_cast<std::uint64_t>((std::int64_t{1} << bit) + offset);
            if (value > Histogram::value_max) continue;
            Histogram histogram;
            histogram.record(value);
            EXPECT_EQ(histogram.percentile(50), value);
            // With a larger neighbour the end of the step shows: at most 1/128 above, never below.
            histogram.record(Histogram::value_max);
            EXPECT_GE(histogram.percentile(50), value);
            EXPECT_LE(histogram.percentile(50), value + value / 128);
        }
    }
}

TEST(Histogram, agrees_with_sorting_within_one_percent) {
    std::mt19937_64 random(42);
    std::lognormal_distribution<double> distribution(7.0, 2.0);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 50'000; ++i) {
        values.push_back(static_cast<std::uint64_t>(distribution(random)));
        histogram.record(values.back());
    }
    for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
        const auto exact = exact_percentile(values, percent);
        EXPECT_GE(histogram.percentile(percent), exact) << percent;
        EXPECT_LE(histogram.percentile(percent), exact + exact / 128) << percent;
    }
}

TEST(Histogram, counts_values_beyond_its_range_and_tells_the_maximum_exactly) {
    Histogram histogram;
    histogram.record(Histogram::value_max + 1000);
    EXPECT_EQ(histogram.count(), 1U);
    EXPECT_EQ(histogram.max(), Histogram::value_max + 1000);
    EXPECT_EQ(histogram.percentile(50), Histogram::value_max);
}

TEST(Histogram, adds_another_one) {
    Histogram fast;
    Histogram slow;
    for (int i = 0; i < 90; ++i) fast.record(10);
    for (int i = 0; i < 10; ++i) slow.record(5000);
    fast.add(slow);
    EXPECT_EQ(fast.count(), 100U);
    EXPECT_EQ(fast.percentile(90), 10U);
    EXPECT_EQ(fast.percentile(91), 5000U);
    EXPECT_EQ(fast.max(), 5000U);
}

}  // namespace
}  // namespace onhand::bench
