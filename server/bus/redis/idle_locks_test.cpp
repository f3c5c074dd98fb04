// Locks that are kept although nothing waits for them here (LockOptions::keep_idle), on a real Redis.
#include <gtest/gtest.h>

#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

using Grants = std::vector<bool>;

constexpr std::chrono::milliseconds keep{200};

class IdleLocksTest : public testing::Test {
  protected:
    IdleLocksTest() {
        EXPECT_TRUE(eventually([&] { return here.service.hears() && there.service.hears(); }));
    }
    int script_calls() { return redis.calls_of("evalsha") + redis.calls_of("eval"); }
    bool exists(const std::string& sku) { return redis.command({"EXISTS", "onhand:lock:{" + sku + "}"}) == "1"; }

    RedisServer redis;
    static LockOptions keeping(std::string instance) {
        auto options = patient_options(std::move(instance));
        options.keep_idle = keep;
        return options;
    }

    Instance here{redis.url(), keeping("here")};
    Instance there{redis.url(), keeping("there")};
    Lane a{here.service, 0};
    Lane b{there.service, 0};
};

TEST_F(IdleLocksTest, a_lock_that_nobody_wants_is_kept_and_needs_no_call) {
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    const int before = script_calls();
    a.hand_over({});
    a.hand_over({});
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    EXPECT_FALSE(a.last.is_new) << "it was held all the time";
    EXPECT_EQ(script_calls(), before);
}

TEST_F(IdleLocksTest, a_lock_that_is_not_used_for_long_is_given_up) {
    ASSERT_TRUE(a.has("S1"));
    here.clock.advance_ms(keep.count());
    a.hand_over({});
    EXPECT_TRUE(eventually([&] { return !exists("S1"); }));
    ASSERT_TRUE(a.has("S1"));
    EXPECT_TRUE(a.last.is_new);
}

TEST_F(IdleLocksTest, a_lock_that_somebody_wants_is_given_up_at_once_and_not_kept_again) {
    ASSERT_TRUE(a.has("S1"));
    a.hand_over({});
    ASSERT_FALSE(b.has("S1"));
    // Nothing moves the clock: the holder is told.
    EXPECT_TRUE(eventually([&] {
        a.hand_over({});
        return b.has("S1");
    }));
    b.hand_over({});
    EXPECT_TRUE(eventually([&] {
        b.hand_over({});
        return a.has("S1");
    }));
    a.hand_over({});
    EXPECT_TRUE(eventually([&] { return !exists("S1"); })) << "others want this product";
    ASSERT_TRUE(a.has("S2"));
    a.hand_over({});
    EXPECT_TRUE(exists("S2")) << "nobody wants this one";
}

TEST_F(IdleLocksTest, a_lane_with_nothing_to_do_is_told_that_its_lock_is_wanted) {
    ASSERT_TRUE(a.has("S1"));
    a.hand_over({});
    const int told = a.frees();
    ASSERT_FALSE(b.has("S1"));
    EXPECT_TRUE(a.waits_for_free(told));
}

TEST_F(IdleLocksTest, a_kept_lock_is_extended_without_waiting) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"PEXPIRE", "onhand:lock:{S1}", "1000"});
    here.clock.advance_ms(patient_options().lease.count() / extended_part);
    EXPECT_TRUE(a.has("S1"));
    EXPECT_TRUE(eventually([&] { return std::stoi(redis.command({"PTTL", "onhand:lock:{S1}"})) > 1000; }));
}

TEST_F(IdleLocksTest, a_lock_that_redis_lost_is_asked_for_again) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"FLUSHALL"});
    ASSERT_TRUE(b.has("S1"));
    here.clock.advance_ms(patient_options().lease.count() / extended_part);
    EXPECT_TRUE(a.has("S1")) << "the rows of the database know better";
    EXPECT_TRUE(eventually([&] { return !a.has("S1"); }));
}

}  // namespace
}  // namespace onhand::bus::redis
