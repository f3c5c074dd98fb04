// A master, a replica and three Sentinels, really failing over.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>

#include "bus/redis/channel.hpp"
#include "bus/redis/testing/fake_redis.hpp"
#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

std::string sentinel_config(const RedisServer& master) {
    return fmt::format(
        "sentinel monitor shop 127.0.0.1 {} 2\n"
        "sentinel down-after-milliseconds shop 300\n"
        "sentinel failover-timeout shop 2000\n"
        "requirepass watch\nsentinel sentinel-pass watch\n",
        master.port());
}

class SentinelTest : public testing::Test {
  protected:
    SentinelTest() {
        for (auto& one : sentinels) {
            one = std::make_unique<RedisServer>(
                RedisServerOptions{.config = sentinel_config(master), .is_sentinel = true});
            one->login.password = "watch";
        }
        EXPECT_TRUE(eventually([this] { return all_know_each_other(); }));
    }

    bool all_know_each_other() {
        for (const auto& one : sentinels) {
            const auto info = one->command({"INFO", "sentinel"});
            if (info.find("slaves=1,sentinels=3") == std::string::npos) return false;
        }
        return true;
    }

    std::string url() const {
        return fmt::format("redis+sentinel://{},{},{}/shop?sentinel_password=watch", sentinels[0]->place(),
                           sentinels[1]->place(), sentinels[2]->place());
    }

    static bool is_master(const RedisServer& server) { return server.command({"ROLE"}).starts_with("master"); }

    bool works_on(const RedisServer& server, Instance& instance, Lane& lane, const std::string& sku) {
        return eventually([&] {
            instance.clock.advance_ms(lock_keep_max.count());
            return lane.has(sku) && is_master(server) && server.command({"EXISTS", "onhand:lock:{" + sku + "}"}) == "1";
        });
    }

    RedisServer master;
    RedisServer replica{
        {.arguments = {"--replicaof", "127.0.0.1", std::to_string(master.port()), "--repl-diskless-sync-delay", "0"}}};
    std::array<std::unique_ptr<RedisServer>, 3> sentinels;
};

TEST_F(SentinelTest, the_master_is_found_and_found_again_after_it_died) {
    Instance instance(url());
    Lane lane(instance.service);
    EXPECT_TRUE(works_on(master, instance, lane, "S1"));
    master.kill();
    instance.clock.advance_ms(lock_keep_max.count());
    lane.acquire({"S1"});
    EXPECT_TRUE(lane.last.away);
    EXPECT_TRUE(works_on(replica, instance, lane, "S1"));
    EXPECT_TRUE(eventually([&] { return instance.service.hears() && instance.service.stats().connected; }));
}

TEST_F(SentinelTest, a_master_that_hands_over_its_place_is_left) {
    Instance instance(url());
    Lane lane(instance.service);
    Locator locator(settings_of(url()), {});
    RedisChannel channel(locator, {});
    std::atomic<int> heard = 0;
    channel.subscribe(Topic::feed, [&](auto) { ++heard; });
    channel.start();
    EXPECT_TRUE(works_on(master, instance, lane, "S1"));
    EXPECT_EQ(sentinels[0]->command({"SENTINEL", "FAILOVER", "shop"}), "OK");
    ASSERT_TRUE(eventually([&] { return is_master(replica) && !is_master(master); }));
    EXPECT_TRUE(works_on(replica, instance, lane, "S2"));
    // Both ends of the channel have moved too: messages meet on the new master.
    EXPECT_TRUE(eventually([&] {
        channel.publish(Topic::feed, "batch");
        return heard > 0 && replica.command({"PUBSUB", "NUMSUB", "onhand:feed"}) == "onhand:feed 1";
    }));
}

TEST_F(SentinelTest, dead_sentinels_are_passed_over) {
    sentinels[0]->kill();
    sentinels[1]->pause();
    Instance instance(url());
    Lane lane(instance.service);
    EXPECT_TRUE(works_on(master, instance, lane, "S1"));
}

TEST_F(SentinelTest, without_any_sentinel_the_last_known_master_serves_on) {
    Instance instance(url());
    Lane lane(instance.service);
    ASSERT_TRUE(works_on(master, instance, lane, "S1"));
    for (auto& one : sentinels) one->kill();
    instance.locator.suspect();
    EXPECT_TRUE(works_on(master, instance, lane, "S2"));
}

TEST_F(SentinelTest, a_name_that_no_sentinel_knows_is_a_redis_that_is_away) {
    Instance instance("redis+sentinel://" + sentinels[0]->place() + "/other?sentinel_password=watch");
    Lane lane(instance.service);
    EXPECT_FALSE(lane.has("S1"));
    EXPECT_TRUE(lane.last.away);
    EXPECT_FALSE(instance.service.stats().connected);
}

// A Sentinel that says what the test wants.
class FalseSentinel {
  public:
    void name(const RedisServer& server) { port_ = server.port(); }
    std::string url() const { return fmt::format("redis+sentinel://127.0.0.1:{}/shop", fake_.port()); }

  private:
    std::atomic<int> port_{0};
    FakeRedis fake_{[this](std::string_view command) -> std::string {
        if (command != "SENTINEL") return "+PONG\r\n";
        const auto text = std::to_string(port_);
        return fmt::format("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{}\r\n", text.size(), text);
    }};
};

TEST(FalseSentinel, a_master_that_was_cut_off_from_the_others_is_left_though_it_answers) {
    RedisServer old_master;
    RedisServer new_master;
    FalseSentinel sentinel;
    sentinel.name(old_master);
    Instance instance(sentinel.url());
    Lane lane(instance.service);
    ASSERT_TRUE(eventually([&] { return instance.service.hears(); }));
    ASSERT_TRUE(lane.has("S1"));
    sentinel.name(new_master);
    EXPECT_TRUE(eventually([&] {
        instance.clock.advance_ms(lock_keep_max.count());
        return lane.has("S1") && new_master.command({"EXISTS", "onhand:lock:{S1}"}) == "1";
    }));
    // Hints are heard there too, and nobody stays behind.
    EXPECT_TRUE(eventually([&] { return !new_master.command({"PUBSUB", "CHANNELS"}).empty(); }));
    EXPECT_TRUE(eventually([&] { return old_master.command({"PUBSUB", "CHANNELS"}).empty(); }));
}

TEST(FalseSentinel, a_replica_that_is_called_master_is_not_believed_in) {
    RedisServer real;
    RedisServer replica({.arguments = {"--replicaof", "127.0.0.1", std::to_string(real.port())}});
    FalseSentinel sentinel;
    sentinel.name(replica);
    Instance instance(sentinel.url());
    Lane lane(instance.service);
    EXPECT_FALSE(lane.has("S1"));
    EXPECT_TRUE(lane.last.away);
    EXPECT_TRUE(instance.locator.current()->nodes.empty());
    sentinel.name(real);
    EXPECT_TRUE(eventually([&] { return lane.has("S1"); }));
}

}  // namespace
}  // namespace onhand::bus::redis
