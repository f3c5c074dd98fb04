#include "transport/live/round_pace.hpp"

#include <gtest/gtest.h>

namespace onhand::live {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(RoundPace, is_quick_while_telling_costs_next_to_nothing) {
    RoundPace pace(2);
    EXPECT_EQ(pace.round(), RoundPace::round_min);
    pace.told(0, microseconds(20));
    EXPECT_EQ(pace.round(), RoundPace::round_min);
}

TEST(RoundPace, takes_its_usual_time_when_telling_costs_more) {
    RoundPace pace(2);
    pace.told(0, microseconds(150));
    pace.told(1, microseconds(150));
    EXPECT_EQ(pace.round(), milliseconds(6));
    pace.told(1, milliseconds(20));
    EXPECT_EQ(pace.round(), RoundPace::round_usual);
    pace.forget(1);
    EXPECT_EQ(pace.round(), RoundPace::round_min);
}

TEST(RoundPace, leaves_the_thread_its_share_after_a_turn) {
    EXPECT_EQ(RoundPace::pause_after(microseconds(0)), microseconds(0));
    const std::chrono::duration<double> cost = milliseconds(6);
    const std::chrono::duration<double> pause = RoundPace::pause_after(milliseconds(6));
    const auto share = cost / (cost + pause);
    EXPECT_NEAR(share, RoundPace::busy_share, 0.01);
    EXPECT_EQ(RoundPace::pause_after(std::chrono::seconds(5)), RoundPace::pause_max);
}

}  // namespace
}  // namespace onhand::live
