// Locks, channel and counters on a real Redis Cluster of three masters.
#include <gtest/gtest.h>

#include <algorithm>

#include "bus/redis/channel.hpp"
#include "bus/redis/counter.hpp"
#include "bus/redis/slot.hpp"
#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_cluster.hpp"

namespace onhand::bus::redis {
namespace {

class ClusterTest : public testing::Test {
  protected:
    ClusterTest() {
        EXPECT_TRUE(eventually([this] { return here.service.hears() && there.service.hears(); }));
        for (std::size_t n = 0; n < cluster.size(); ++n) skus.push_back(cluster.sku_on(n));
        std::ranges::sort(skus);
    }

    std::vector<std::string_view> all() const { return {skus.begin(), skus.end()}; }

    // Once more after waiting times are over.
    void step() {
        here.clock.advance_ms(lock_keep_max.count());
        there.clock.advance_ms(lock_keep_max.count());
    }

    RedisCluster cluster;
    // For whom no answer is to be expected.
    const LockOptions hasty{.call_max = std::chrono::milliseconds(500)};
    Instance here{cluster.url()};
    Instance there{cluster.url()};
    Lane a{here.service};
    Lane b{there.service};
    std::vector<std::string> skus;  // one on each node
};

TEST(Slot, is_that_of_redis) {
    EXPECT_EQ(slot_of("123456789"), 12739);
    EXPECT_EQ(slot_of("onhand:lock:{S1}"), slot_of("onhand:wait:{S1}"));
    EXPECT_EQ(slot_of("onhand:lock:{S1}"), slot_of("S1"));
    EXPECT_EQ(slot_of("{user}.a{b}"), slot_of("user"));
    EXPECT_NE(slot_of("{}.a"), slot_of("{}.b"));
    EXPECT_EQ(slot_of(""), 0);
}

TEST_F(ClusterTest, the_slots_are_those_that_the_cluster_names) {
    for (const auto* key : {"onhand:lock:{S1}", "onhand:count:ann", "{", "{}x", "a{b}c{d}"}) {
        EXPECT_EQ(cluster.node(0).command({"CLUSTER", "KEYSLOT", key}), std::to_string(slot_of(key)));
    }
}

TEST_F(ClusterTest, one_batch_takes_products_of_all_nodes) {
    EXPECT_EQ(a.acquire(all()), (std::vector<bool>{true, true, true}));
    EXPECT_TRUE(a.last.is_new);
    EXPECT_EQ(b.acquire(all()), (std::vector<bool>{false, false, false}));
    for (std::size_t n = 0; n < cluster.size(); ++n) {
        const auto key = "onhand:lock:{" + cluster.sku_on(n) + "}";
        EXPECT_EQ(cluster.node(n).command({"EXISTS", key}), "1");
    }
    EXPECT_EQ(here.service.held(10).size(), 3U);
}

TEST_F(ClusterTest, who_waits_is_told_whatever_node_has_the_lock) {
    ASSERT_EQ(a.acquire(all()), (std::vector<bool>{true, true, true}));
    ASSERT_EQ(b.acquire(all()), (std::vector<bool>{false, false, false}));
    // No clock moves here: all comes by hints.
    EXPECT_TRUE(eventually([&] {
        a.hand_over(all());
        return b.acquire(all()) == std::vector<bool>{true, true, true};
    }));
}

TEST_F(ClusterTest, a_slot_that_moved_is_followed) {
    const auto sku = cluster.sku_on(0);
    ASSERT_TRUE(a.has(sku));
    ASSERT_EQ(cluster.node(0).command({"DEL", "onhand:lock:{" + sku + "}"}), "1");
    cluster.move_slot(sku, 0, 1);
    step();
    EXPECT_TRUE(a.has(sku));
    EXPECT_TRUE(a.last.is_new);
    EXPECT_FALSE(a.last.away);
    EXPECT_EQ(cluster.node(1).command({"EXISTS", "onhand:lock:{" + sku + "}"}), "1");
    EXPECT_FALSE(b.has(sku));
    EXPECT_FALSE(b.last.away);
}

// Redis refuses calls with two keys for a slot on its way, so such a product has no lock for that time; a count is
// asked for where it goes.
TEST_F(ClusterTest, a_slot_on_its_way_holds_up_nobody) {
    const auto sku = cluster.sku_on(2);
    cluster.begin_migration(sku, 2, 0);
    Instance hurried{cluster.url(), hasty};
    Lane lane{hurried.service};
    EXPECT_EQ(lane.acquire({sku}), std::vector<bool>{true});
    EXPECT_TRUE(lane.last.away);
    EXPECT_TRUE(hurried.service.stats().connected);
    cluster.move_slot(sku, 2, 0);
    EXPECT_TRUE(a.has(sku));
    EXPECT_FALSE(b.has(sku));

    const std::string count = "onhand:count:ann";
    const auto from = cluster.node_of(count);
    const auto to = (from + 1) % cluster.size();
    cluster.begin_migration(count, from, to);
    RedisCounter counter(here.locator, {}, patient_call);
    EXPECT_EQ(counter.add("ann", std::chrono::seconds(60)), std::optional<std::int64_t>(1));
    cluster.move_slot(count, from, to);
    EXPECT_EQ(counter.add("ann", std::chrono::seconds(60)), std::optional<std::int64_t>(2));
    EXPECT_EQ(cluster.node(to).command({"GET", count}), "2");
}

TEST_F(ClusterTest, with_one_node_dead_the_products_of_the_others_are_locked) {
    ASSERT_EQ(a.acquire(all()), (std::vector<bool>{true, true, true}));
    a.hand_over();
    cluster.node(1).kill();
    const auto dead = std::ranges::find(skus, cluster.sku_on(1)) - skus.begin();
    step();
    EXPECT_EQ(a.acquire(all()), (std::vector<bool>{true, true, true}));
    EXPECT_FALSE(a.last.away);
    EXPECT_TRUE(a.last.is_new);
    std::vector<bool> expected{false, false, false};
    expected[static_cast<std::size_t>(dead)] = true;
    EXPECT_EQ(b.acquire(all()), expected);
    EXPECT_FALSE(here.service.stats().connected);
    cluster.node(1).start();
}

TEST_F(ClusterTest, all_nodes_dead_is_away_and_heals) {
    Instance hurried{cluster.url(), hasty};
    Lane lane{hurried.service};
    const auto has_all = [&] {
        hurried.clock.advance_ms(lock_keep_max.count());
        return lane.acquire(all()) == std::vector<bool>{true, true, true} && !lane.last.away &&
               hurried.service.stats().connected;
    };
    ASSERT_TRUE(eventually(has_all));
    for (std::size_t n = 0; n < cluster.size(); ++n) cluster.node(n).pause();
    hurried.clock.advance_ms(lock_keep_max.count());
    EXPECT_EQ(lane.acquire(all()), (std::vector<bool>{true, true, true}));
    EXPECT_TRUE(lane.last.away);
    for (std::size_t n = 0; n < cluster.size(); ++n) cluster.node(n).resume();
    EXPECT_TRUE(eventually(has_all));
}

TEST_F(ClusterTest, messages_and_counts_go_through_any_node) {
    Locator one(settings_of("redis+cluster://" + cluster.node(0).place()), {});
    Locator two(settings_of("redis+cluster://" + cluster.node(2).place()), {});
    RedisChannel from(one, {});
    RedisChannel to(two, {});
    std::atomic<int> heard = 0;
    to.subscribe(Topic::feed, [&](auto bytes) { heard += bytes == "batch" ? 1 : 0; });
    from.start();
    to.start();
    ASSERT_TRUE(eventually([&] { return from.connected() && to.connected(); }));
    from.publish(Topic::feed, "batch");
    EXPECT_TRUE(eventually([&] { return heard == 1; }));

    RedisCounter left(one, {}, patient_call);
    RedisCounter right(two, {}, patient_call);
    for (const auto* name : {"ann", "bob", "cy", "dora"}) {
        EXPECT_EQ(left.add(name, std::chrono::seconds(60)), std::optional<std::int64_t>(1));
        EXPECT_EQ(right.add(name, std::chrono::seconds(60)), std::optional<std::int64_t>(2));
    }
}

}  // namespace
}  // namespace onhand::bus::redis
