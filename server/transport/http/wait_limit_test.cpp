#include "transport/http/wait_limit.hpp"

#include <gtest/gtest.h>

namespace onhand::http {
namespace {

constexpr MonoNanos start = 1'000'000'000'000;
constexpr MonoNanos ms = 1'000'000;

// Lets `count` commands wait and answers as many, one each millisecond, each after `waited`.
void serve(WaitLimit& limit, MonoNanos& now, int count, MonoNanos waited) {
    for (int i = 0; i < count; ++i) {
        limit.entered();
        now += ms;
        limit.left(now, waited);
    }
}

struct WaitLimitTest : testing::Test {
    // Answers take too long, with `waiting` more commands behind them.
    void begin_storm(int waiting) {
        for (int i = 0; i < waiting; ++i) limit.entered();
        serve(limit, now, 2500, WaitLimit::wait_max + ms);
    }
    WaitLimit limit;
    MonoNanos now = start;
};

TEST_F(WaitLimitTest, has_room_for_any_number_while_answers_come_in_time) {
    for (int i = 0; i < 10'000; ++i) limit.entered();
    EXPECT_TRUE(limit.has_room());
    serve(limit, now, 5000, WaitLimit::wait_max);
    EXPECT_TRUE(limit.has_room());
    EXPECT_EQ(limit.waiting(), 10'000);
}

TEST_F(WaitLimitTest, lets_only_as_many_wait_as_are_answered_in_time) {
    begin_storm(5000);
    EXPECT_FALSE(limit.has_room());
    // One was answered each millisecond.
    const auto in_time = static_cast<std::int64_t>(WaitLimit::wait_max / ms);
    EXPECT_NEAR(static_cast<double>(limit.limit()), static_cast<double>(in_time), 2.0);
    while (limit.waiting() >= limit.limit()) limit.turned_back();
    EXPECT_TRUE(limit.has_room());
}

TEST_F(WaitLimitTest, one_that_was_answered_in_time_shows_that_there_is_no_storm) {
    for (int i = 0; i < 1000; ++i) limit.entered();
    for (int window = 0; window < 5; ++window) {
        serve(limit, now, 999, WaitLimit::wait_max + ms);
        serve(limit, now, 1, ms);
    }
    EXPECT_TRUE(limit.has_room());
}

TEST_F(WaitLimitTest, always_leaves_the_engine_something_to_do) {
    for (int i = 0; i < 1000; ++i) limit.entered();
    for (int i = 0; i < 3; ++i) {
        now += 10 * WaitLimit::wait_max;
        limit.entered();
        limit.left(now, WaitLimit::wait_max + ms);
    }
    EXPECT_EQ(limit.limit(), WaitLimit::waiting_min);
}

TEST_F(WaitLimitTest, forgets_the_storm_when_few_wait) {
    begin_storm(5000);
    while (limit.waiting() > 0) limit.turned_back();
    serve(limit, now, 2500, ms);
    EXPECT_EQ(limit.limit(), WaitLimit::no_limit);
}

TEST_F(WaitLimitTest, lets_more_wait_while_those_that_wait_are_answered_in_time) {
    begin_storm(5000);
    const auto before = limit.limit();
    while (limit.waiting() >= before) limit.turned_back();
    serve(limit, now, 1250, WaitLimit::wait_max - ms);
    EXPECT_GT(limit.limit(), before);
    EXPECT_LT(limit.limit(), 2 * before);
}

}  // namespace
}  // namespace onhand::http
