// The promises of bus/lock.hpp on a real Redis, one server, nothing broken.
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>

#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

using Grants = std::vector<bool>;

class ProductLocksTest : public testing::Test {
  protected:
    ProductLocksTest() {
        const auto all_listen = [this] {
            const auto channels = redis.command({"PUBSUB", "CHANNELS", "onhand:*"});
            return std::count(channels.begin(), channels.end(), ' ') == 8 && here.service.hears() &&
                   there.service.hears();
        };
        EXPECT_TRUE(eventually(all_listen));
    }

    // The lock is given to the owner that begins so; the lane itself may not know yet.
    bool is_given_to(const std::string& owner, const std::string& sku) {
        return eventually([&] { return redis.command({"GET", "onhand:lock:{" + sku + "}"}).starts_with(owner); });
    }

    int script_calls() { return redis.calls_of("evalsha") + redis.calls_of("eval"); }

    RedisServer redis;
    Instance here{redis.url(), patient_options("here:3000")};
    Instance there{redis.url()};
    Lane a{here.service, 0};
    Lane b{there.service, 0};
    Lane c{there.service, 1};
};

TEST_F(ProductLocksTest, one_lane_at_a_time_has_a_product) {
    EXPECT_EQ(a.acquire({"S1"}), Grants{true});
    EXPECT_TRUE(a.last.is_new);
    EXPECT_FALSE(a.last.away);
    EXPECT_EQ(b.acquire({"S1"}), Grants{false});
    EXPECT_FALSE(b.last.is_new);
    EXPECT_FALSE(b.last.away);
    EXPECT_EQ(c.acquire({"S1"}), Grants{false});
}

TEST_F(ProductLocksTest, what_is_free_is_granted_beside_what_is_taken) {
    EXPECT_EQ(a.acquire({"S2"}), Grants{true});
    EXPECT_EQ(b.acquire({"S1", "S2", "S3"}), (Grants{true, false, true}));
    EXPECT_TRUE(b.last.is_new);
}

TEST_F(ProductLocksTest, nothing_asked_for_is_nothing_granted) {
    EXPECT_EQ(a.acquire({}), Grants{});
    EXPECT_FALSE(a.last.away);
}

TEST_F(ProductLocksTest, a_lock_that_is_kept_needs_no_call) {
    ASSERT_TRUE(a.has("S1"));
    const int before = script_calls();
    for (int batch = 0; batch < 100; ++batch) {
        a.hand_over({"S1"});
        EXPECT_TRUE(a.has("S1"));
        EXPECT_FALSE(a.last.is_new);
    }
    EXPECT_EQ(script_calls(), before);
}

TEST_F(ProductLocksTest, a_kept_lock_is_looked_at_and_extended_when_it_is_due) {
    ASSERT_TRUE(a.has("S1"));
    const int before = script_calls();
    redis.command({"PEXPIRE", "onhand:lock:{S1}", "1000"});
    here.clock.advance_ms(lock_keep_max.count());
    EXPECT_TRUE(a.has("S1"));
    EXPECT_FALSE(a.last.is_new);
    EXPECT_EQ(script_calls(), before + 1);
    EXPECT_GT(std::stoi(redis.command({"PTTL", "onhand:lock:{S1}"})), 1000);
}

TEST_F(ProductLocksTest, a_wanted_product_is_kept_when_nobody_waits) {
    ASSERT_TRUE(a.has("S1"));
    a.hand_over({"S1"});
    EXPECT_FALSE(b.has("S1"));
}

TEST_F(ProductLocksTest, what_is_not_wanted_is_given_up) {
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    a.hand_over({"S2"});
    EXPECT_TRUE(eventually([&] { return redis.command({"EXISTS", "onhand:lock:{S1}"}) == "0"; }));
    EXPECT_EQ(b.acquire({"S1", "S2"}), (Grants{true, false}));
}

// No clock moves here: the holder looks at its lock, and the waiter asks again, because they are told to.
TEST_F(ProductLocksTest, who_waits_gets_it_after_the_batch_in_hand_and_is_told) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    EXPECT_TRUE(eventually([&] {
        a.hand_over({"S1"});
        return b.has("S1");
    }));
    EXPECT_TRUE(b.last.is_new);
    EXPECT_FALSE(a.has("S1"));
    EXPECT_EQ(here.service.stats().handed_over, 1U);
}

TEST_F(ProductLocksTest, who_handed_over_and_still_wants_it_is_next_in_line) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    ASSERT_TRUE(eventually([&] {
        a.hand_over({"S1"});
        return b.has("S1");
    }));
    ASSERT_FALSE(c.has("S1"));
    b.hand_over({"S1"});
    ASSERT_TRUE(is_given_to("here-3000.0.", "S1"));
    there.clock.advance_ms(refusal_believed.count());
    EXPECT_FALSE(c.has("S1"));
    EXPECT_TRUE(eventually([&] { return a.has("S1"); }));
    EXPECT_TRUE(a.last.is_new);
}

TEST_F(ProductLocksTest, who_asked_first_is_first) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    ASSERT_FALSE(c.has("S1"));
    a.hand_over();
    ASSERT_TRUE(is_given_to("onhand.0.", "S1"));
    there.clock.advance_ms(refusal_believed.count());
    EXPECT_FALSE(c.has("S1"));
    EXPECT_TRUE(eventually([&] { return b.has("S1"); }));
}

TEST_F(ProductLocksTest, a_lock_that_was_given_is_had_and_kept) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    a.hand_over();
    ASSERT_TRUE(eventually([&] { return b.has("S1"); }));
    EXPECT_TRUE(b.last.is_new);
    // It was given for a moment; that it was taken makes it last.
    EXPECT_TRUE(eventually(
        [&] { return std::stoi(redis.command({"PTTL", "onhand:lock:{S1}"})) > patient_options().gift_max.count(); }));
    EXPECT_TRUE(b.has("S1"));
    EXPECT_FALSE(b.last.is_new);
    EXPECT_EQ(there.service.stats().acquired, 1U);
}

TEST_F(ProductLocksTest, a_lock_that_was_given_and_not_used_yet_is_not_given_away) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_TRUE(b.has("S2"));
    ASSERT_EQ(b.acquire({"S1", "S2"}), (Grants{false, true}));
    const int seen = b.frees();
    a.hand_over({"S1"});
    ASSERT_TRUE(eventually([&] {
        a.hand_over({"S1"});
        return b.frees() > seen;
    }));
    b.hand_over({"S1", "S2"});
    EXPECT_TRUE(b.has("S1"));
    b.hand_over({"S1", "S2"});
    EXPECT_TRUE(is_given_to("here-3000.0.", "S1"));
}

TEST_F(ProductLocksTest, a_lock_that_was_given_in_vain_is_passed_on) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    const int seen = b.frees();
    a.hand_over();
    ASSERT_TRUE(b.waits_for_free(seen));
    EXPECT_TRUE(b.has("S2"));
    EXPECT_TRUE(eventually([&] { return a.has("S1"); }));
}

TEST_F(ProductLocksTest, old_news_of_a_gift_is_not_believed) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    const int seen = b.frees();
    a.hand_over();
    ASSERT_TRUE(b.waits_for_free(seen));
    there.clock.advance_ms(gift_believed.count());
    redis.command({"SET", "onhand:lock:{S1}", "another@1", "PX", "2000"});
    EXPECT_FALSE(b.has("S1"));
}

TEST_F(ProductLocksTest, who_asks_for_something_else_leaves_the_line) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    ASSERT_TRUE(b.has("S2"));
    a.hand_over();
    EXPECT_TRUE(eventually([&] { return redis.command({"EXISTS", "onhand:lock:{S1}"}) == "0"; }));
    EXPECT_TRUE(c.has("S1"));
}

TEST_F(ProductLocksTest, a_waiter_that_went_silent_does_not_hold_up_the_others) {
    Instance brief{redis.url(), LockOptions{.call_max = patient_call}};
    Lane holder(brief.service, 0);
    Lane silent(brief.service, 1);
    Lane next(brief.service, 2);
    ASSERT_TRUE(holder.has("S1"));
    ASSERT_FALSE(silent.has("S1"));
    holder.hand_over();
    EXPECT_TRUE(eventually([&] {
        brief.clock.advance_ms(refusal_believed.count());
        return next.has("S1");
    }));
}

TEST_F(ProductLocksTest, a_refusal_is_believed_for_a_moment_and_then_asked_again) {
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    const int before = script_calls();
    for (int look = 0; look < 50; ++look) EXPECT_FALSE(b.has("S1"));
    EXPECT_EQ(script_calls(), before);
    there.clock.advance_ms(refusal_believed.count());
    EXPECT_FALSE(b.has("S1"));
    EXPECT_EQ(script_calls(), before + 1);
}

TEST_F(ProductLocksTest, release_gives_up_everything_and_leaves_every_line) {
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    EXPECT_EQ(b.acquire({"S2", "S3"}), (Grants{false, true}));
    b.locks->release_all();
    a.locks->release_all();
    EXPECT_EQ(redis.command({"KEYS", "onhand:[lw]*"}), "");
    EXPECT_EQ(c.acquire({"S1", "S2", "S3"}), (Grants{true, true, true}));
}

TEST_F(ProductLocksTest, a_lock_that_was_lost_is_new_when_it_is_taken_again) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"DEL", "onhand:lock:{S1}"});
    here.clock.advance_ms(lock_keep_max.count());
    EXPECT_TRUE(a.has("S1"));
    EXPECT_TRUE(a.last.is_new);
}

TEST_F(ProductLocksTest, a_lock_that_another_has_meanwhile_is_refused_and_not_given_away) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"DEL", "onhand:lock:{S1}"});
    ASSERT_TRUE(b.has("S1"));
    a.hand_over();
    a.locks->release_all();
    EXPECT_FALSE(a.has("S1"));
    EXPECT_FALSE(c.has("S1"));
}

TEST_F(ProductLocksTest, many_products_are_taken_at_once) {
    std::vector<std::string> names;
    for (int i = 1000; i < 2000; ++i) names.push_back("SKU-" + std::to_string(i));
    const std::vector<std::string_view> skus(names.begin(), names.end());
    EXPECT_EQ(a.acquire(skus), Grants(skus.size(), true));
    EXPECT_EQ(b.acquire(skus), Grants(skus.size(), false));
    a.hand_over();
    EXPECT_TRUE(eventually([&] { return b.acquire(skus) == Grants(skus.size(), true); }));
}

TEST_F(ProductLocksTest, people_see_who_holds_what_and_who_waits) {
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    EXPECT_EQ(b.acquire({"S2", "S3"}), (Grants{false, true}));
    EXPECT_FALSE(c.has("S2"));
    const auto views = there.service.held(10);
    ASSERT_EQ(views.size(), 3U);
    EXPECT_EQ(views[0].sku, "S1");
    EXPECT_TRUE(views[0].owner.starts_with("here-3000.0.")) << views[0].owner;
    EXPECT_TRUE(views[0].waiting.empty());
    EXPECT_LE(views[0].lease_left_ms, patient_options().lease.count());
    EXPECT_GT(views[0].lease_left_ms, 0);
    EXPECT_GE(views[0].held_ms, 0);
    EXPECT_EQ(views[1].owner, views[0].owner);
    ASSERT_EQ(views[1].waiting.size(), 2U);
    EXPECT_TRUE(views[1].waiting[0].starts_with("onhand.0."));
    EXPECT_TRUE(views[1].waiting[1].starts_with("onhand.1."));
    EXPECT_EQ(views[2].sku, "S3");
    EXPECT_EQ(there.service.held(1).size(), 1U);
}

TEST_F(ProductLocksTest, counts_what_happened) {
    EXPECT_EQ(a.acquire({"S1", "S2"}), (Grants{true, true}));
    EXPECT_EQ(b.acquire({"S2"}), Grants{false});
    EXPECT_EQ(here.service.stats().acquired, 2U);
    EXPECT_EQ(there.service.stats().refused, 1U);
    EXPECT_EQ(there.service.stats().away, 0U);
    EXPECT_TRUE(there.service.stats().connected);
}

TEST_F(ProductLocksTest, two_shops_share_a_redis_without_meeting) {
    Instance shop{redis.url(), LockOptions{.scope = "shop-2", .call_max = patient_call}};
    Lane other(shop.service);
    ASSERT_TRUE(a.has("S1"));
    EXPECT_TRUE(other.has("S1"));
    EXPECT_EQ(redis.command({"EXISTS", "onhand:shop-2:lock:{S1}"}), "1");
    EXPECT_EQ(shop.service.held(10).size(), 1U);
}

TEST_F(ProductLocksTest, a_holder_that_died_keeps_others_away_for_its_lease_at_most) {
    Instance dying{redis.url(), LockOptions{.lease = std::chrono::milliseconds(1500), .call_max = patient_call}};
    {
        Lane dead(dying.service);
        ASSERT_TRUE(dead.has("S1"));
    }
    EXPECT_FALSE(b.has("S1"));
    EXPECT_TRUE(eventually([&] {
        there.clock.advance_ms(refusal_believed.count());
        return b.has("S1");
    }));
}

TEST_F(ProductLocksTest, what_others_left_under_its_keys_is_dealt_with) {
    redis.command({"LPUSH", "onhand:lock:{S1}", "a list"});
    redis.command({"SET", "onhand:wait:{S2}", "no line @ @5 @"});
    redis.command({"HSET", "onhand:wait:{S3}", "a", "hash"});
    redis.command({"SET", "onhand:lock:{S4}", "for ever"});
    EXPECT_EQ(a.acquire({"S1", "S2", "S3", "S4"}), (Grants{true, true, true, false}));
    EXPECT_EQ(b.acquire({"S3"}), Grants{false});
    // A lock without an end is given one.
    EXPECT_GT(std::stoi(redis.command({"PTTL", "onhand:lock:{S4}"})), 0);
}

// Two lanes that always want the same product: each gets its share, whichever is faster. A batch takes as long here as
// one question to Redis.
TEST_F(ProductLocksTest, two_lanes_take_turns) {
    constexpr int turns = 400;
    const SystemClock time;
    Instance left{redis.url(), LockOptions{.call_max = patient_call}, &time};
    Instance right{redis.url(), LockOptions{.call_max = patient_call}, &time};
    Lane lanes[] = {Lane(left.service), Lane(right.service)};
    ASSERT_TRUE(eventually([&] { return left.service.hears() && right.service.hears(); }));
    std::barrier both_run(2);
    std::atomic<int> total = 0;
    int counts[] = {0, 0};
    const auto work = [&](int n) {
        both_run.arrive_and_wait();
        while (total < turns) {
            const int seen = lanes[n].frees();
            if (lanes[n].has("hot")) {
                redis.command({"PING"});
                ++counts[n];
                ++total;
                lanes[n].hand_over({"hot"});
            } else {
                lanes[n].waits_for_free(seen, refusal_believed);
            }
        }
        lanes[n].locks->release_all();
    };
    std::thread one(work, 0);
    std::thread two(work, 1);
    one.join();
    two.join();
    EXPECT_GT(counts[0], turns * 2 / 5);
    EXPECT_GT(counts[1], turns * 2 / 5);
}

}  // namespace
}  // namespace onhand::bus::redis
