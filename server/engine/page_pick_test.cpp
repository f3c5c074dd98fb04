#include "engine/page_pick.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

namespace onhand::engine {
namespace {

using Keys = std::vector<std::int64_t>;

void expect_pages(const Keys& keys, const char* what) {
    std::vector<std::uint32_t> sorted(keys.size());
    std::iota(sorted.begin(), sorted.end(), 0U);
    std::ranges::stable_sort(sorted, {}, [&](std::uint32_t at) { return keys[at]; });
    for (const std::size_t limit : {1U, 500U, 9000U}) {
        for (std::size_t step = 0; step <= 8; ++step) {
            const auto first = keys.size() * step / 8;
            const auto last = std::min(first + limit, keys.size());
            const std::vector<std::uint32_t> expected(sorted.begin() + static_cast<std::ptrdiff_t>(first),
                                                      sorted.begin() + static_cast<std::ptrdiff_t>(last));
            ASSERT_EQ(pick_page(keys, first, last), expected) << what << ' ' << first << ' ' << limit;
        }
    }
}

Keys keys_of(std::size_t count, const std::function<std::int64_t(std::size_t)>& key) {
    Keys keys(count);
    for (std::size_t i = 0; i < count; ++i) keys[i] = key(i);
    return keys;
}

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST(PickPage, gives_an_empty_page_of_nothing) {
    EXPECT_TRUE(pick_page({}, 0, 0).empty());
    EXPECT_TRUE(pick_page(Keys{3, 1}, 2, 2).empty());
}

TEST(PickPage, keeps_equal_keys_in_their_places) {
    const Keys keys{2, 1, 2, 1};
    EXPECT_EQ(pick_page(keys, 0, 4), (std::vector<std::uint32_t>{1, 3, 0, 2}));
    EXPECT_EQ(pick_page(keys, 1, 3), (std::vector<std::uint32_t>{3, 0}));
}

TEST(PickPage, agrees_with_sorting) {
    constexpr std::size_t count = 30'000;
    std::mt19937_64 random(1);
    expect_pages(keys_of(count, [&](std::size_t) { return static_cast<std::int64_t>(random()); }), "any numbers");
    expect_pages(keys_of(count, [&](std::size_t) { return static_cast<std::int64_t>(random() % 100); }), "few values");
    expect_pages(keys_of(count, [](std::size_t) { return 5; }), "all equal");
    expect_pages(keys_of(count, [](std::size_t i) { return static_cast<std::int64_t>(i); }), "rising");
    expect_pages(keys_of(count, [](std::size_t i) { return -static_cast<std::int64_t>(i); }), "falling");
    expect_pages(keys_of(count, [](std::size_t i) { return i % 2 == 0 ? least : most; }), "both ends");
    expect_pages(
        keys_of(count,
                [&](std::size_t) { return random() % 20 == 0 ? static_cast<std::int64_t>(random() % 1000000) : 0; }),
        "mostly zero");
    // Two crowds far from each other, with a page across the gap.
    expect_pages(keys_of(count,
                         [&](std::size_t i) {
                             return static_cast<std::int64_t>(i % 2) * 1'000'000'000'000 +
                                    static_cast<std::int64_t>(random() % 3);
                         }),
                 "two crowds");
    expect_pages(
        keys_of(count,
                [&](std::size_t) { return static_cast<std::int64_t>(1'700'000'000'000 + random() % 90'000'000); }),
        "times");
    expect_pages(keys_of(count, [&](std::size_t) { return ~static_cast<std::int64_t>(random() % 50); }), "descending");
}

}  // namespace onhand::engine
