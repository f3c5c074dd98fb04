#include "engine/sampled_bounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace onhand::engine {
namespace {

TEST(SampledBounds, a_sample_has_rows_of_every_part_whatever_the_size) {
    constexpr std::size_t parts = 64;
    constexpr std::size_t rows = 4096;
    for (const std::size_t size : {std::size_t{64} * 15'640, std::size_t{1} << 20U, std::size_t{999'983}}) {
        std::array<std::size_t, parts> in_part{};
        for (std::size_t i = 0; i < rows; ++i) {
            const auto place = sampled_place(i, size);
            ASSERT_LT(place, size);
            ++in_part[place * parts / size];
        }
        for (const auto count : in_part) {
            EXPECT_GE(count, rows / parts / 2);
            EXPECT_LE(count, rows / parts * 2);
        }
    }
    EXPECT_EQ(sampled_place(7, 1), 0U);
}

// Of many tables and pages: how often the page lies between the bounds, and how many rows lie there.
TEST(SampledBounds, hold_nearly_every_page_and_few_rows) {
    constexpr std::size_t total = 50'000;
    std::mt19937_64 random(4);
    int held = 0;
    int pages = 0;
    for (int table = 0; table < 10; ++table) {
        std::vector<std::int64_t> keys(total);
        for (auto& key : keys) key = static_cast<std::int64_t>(random());
        std::vector<std::int64_t> drawn(4096);
        for (std::size_t i = 0; i < drawn.size(); ++i) drawn[i] = keys[sampled_place(i, total)];
        std::ranges::sort(keys);
        for (const std::size_t first : {0, 100, 5000, 25'000, 40'000, 49'900}) {
            const auto last = first + 100;
            auto sample = drawn;
            const auto bounds = guess_bounds(sample, total, first, last);
            ++pages;
            if (bounds.low <= keys[first] && keys[last - 1] <= bounds.high) ++held;
            const auto within =
                std::ranges::count_if(keys, [&](auto key) { return bounds.low <= key && key <= bounds.high; });
            EXPECT_LE(within, total / 12) << first;
        }
    }
    EXPECT_GE(held, pages - 1);
}

TEST(SampledBounds, say_nothing_from_a_small_sample) {
    std::vector<std::int64_t> sample(255, 1);
    const auto bounds = guess_bounds(sample, 10'000, 10, 20);
    EXPECT_EQ(bounds.low, KeyBounds{}.low);
    EXPECT_EQ(bounds.high, KeyBounds{}.high);
}

}  // namespace
}  // namespace onhand::engine
