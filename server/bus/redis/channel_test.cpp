// The channel between instances on a real Redis, and on ones that hang, forget and refuse.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "bus/redis/channel.hpp"
#include "bus/redis/testing/fake_redis.hpp"
#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

// One instance's end of the channel, and what it heard.
class End {
  public:
    explicit End(const std::string& url, std::string_view scope = {}, PubSubOptions options = {})
        : locator(settings_of(url), scope), channel(locator, scope, options) {
        channel.subscribe(Topic::feed, [this](auto bytes) { hear(feed_, bytes); });
        channel.subscribe(Topic::presence, [this](auto bytes) { hear(presence_, bytes); });
        channel.on_connected([this] {
            const std::lock_guard lock(mutex_);
            ++connects_;
            changed_.notify_all();
        });
        channel.start();
    }

    bool waits_until_connected() {
        return eventually([this] { return channel.connected(); });
    }
    bool waits_for_feed(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_patience, [&] { return feed_.size() >= count; });
    }
    bool waits_for_connects(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_patience, [&] { return connects_ >= count; });
    }
    std::vector<std::string> feed() {
        const std::lock_guard lock(mutex_);
        return feed_;
    }
    std::vector<std::string> presence() {
        const std::lock_guard lock(mutex_);
        return presence_;
    }

  private:
    void hear(std::vector<std::string>& messages, std::string_view bytes) {
        const std::lock_guard lock(mutex_);
        messages.emplace_back(bytes);
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> feed_;
    std::vector<std::string> presence_;
    int connects_ = 0;

  public:
    Locator locator;
    RedisChannel channel;
};

// Messages get from `from` to `to`, as soon as both are well.
void expect_healthy(End& from, End& to) {
    const auto is_through = [&] {
        if (!from.channel.connected() || !to.channel.connected()) return false;
        from.channel.publish(Topic::presence, "healthy");
        const auto heard = to.presence();
        return std::find(heard.begin(), heard.end(), "healthy") != heard.end();
    };
    EXPECT_TRUE(eventually(is_through));
}

class ChannelTest : public testing::Test {
  protected:
    ChannelTest() { EXPECT_TRUE(here.waits_until_connected() && there.waits_until_connected()); }

    RedisServer redis;
    End here{redis.url()};
    End there{redis.url()};
};

TEST_F(ChannelTest, a_message_comes_to_every_instance_and_to_its_own) {
    const std::string bytes("with \0 zero and \r\n line end", 27);
    here.channel.publish(Topic::feed, bytes);
    here.channel.publish(Topic::presence, "two look");
    ASSERT_TRUE(here.waits_for_feed(1) && there.waits_for_feed(1));
    EXPECT_EQ(here.feed(), std::vector<std::string>{bytes});
    EXPECT_EQ(there.feed(), std::vector<std::string>{bytes});
    EXPECT_TRUE(eventually([&] { return there.presence() == std::vector<std::string>{"two look"}; }));
}

TEST_F(ChannelTest, messages_stay_in_order) {
    constexpr int count = 5000;
    for (int i = 0; i < count; ++i) here.channel.publish(Topic::feed, std::to_string(i));
    ASSERT_TRUE(there.waits_for_feed(count));
    const auto heard = there.feed();
    for (int i = 0; i < count; ++i) ASSERT_EQ(heard[static_cast<std::size_t>(i)], std::to_string(i));
    EXPECT_TRUE(eventually([&] { return here.channel.stats().published == count; }));
    EXPECT_EQ(here.channel.stats().dropped, 0U);
}

TEST_F(ChannelTest, a_large_message_comes_whole) {
    const std::string bytes(8U * 1024 * 1024, 'x');
    here.channel.publish(Topic::feed, bytes);
    here.channel.publish(Topic::feed, "next");
    ASSERT_TRUE(there.waits_for_feed(2));
    EXPECT_TRUE(there.feed() == (std::vector<std::string>{bytes, "next"}));
}

TEST_F(ChannelTest, a_killed_subscription_stands_again_and_says_so) {
    EXPECT_EQ(redis.command({"CLIENT", "KILL", "TYPE", "pubsub"}), "2");
    ASSERT_TRUE(here.waits_for_connects(2) && there.waits_for_connects(2));
    expect_healthy(here, there);
    EXPECT_EQ(redis.command({"PUBSUB", "NUMSUB", "onhand:feed"}), "onhand:feed 2");
}

TEST_F(ChannelTest, a_subscription_that_is_killed_again_and_again_keeps_coming_back) {
    for (int n = 2; n < 12; ++n) {
        redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
        ASSERT_TRUE(there.waits_for_connects(n));
    }
    expect_healthy(here, there);
}

TEST_F(ChannelTest, a_killed_publishing_connection_comes_back) {
    redis.command({"CLIENT", "KILL", "TYPE", "normal"});
    expect_healthy(here, there);
}

TEST_F(ChannelTest, a_redis_that_dies_and_comes_back) {
    redis.kill();
    ASSERT_TRUE(eventually([&] { return !here.channel.connected() && !there.channel.connected(); }));
    // The other connection may learn of it a moment later.
    EXPECT_TRUE(eventually([&] {
        here.channel.publish(Topic::feed, "lost");
        return here.channel.stats().dropped >= 1;
    }));
    redis.start();
    ASSERT_TRUE(there.waits_for_connects(2));
    expect_healthy(here, there);
    EXPECT_TRUE(there.feed().empty());
}

TEST_F(ChannelTest, a_redis_that_hangs_is_noticed_and_found_again) {
    redis.pause();
    ASSERT_TRUE(eventually([&] { return !here.channel.connected() && !there.channel.connected(); }));
    redis.resume();
    expect_healthy(here, there);
}

TEST_F(ChannelTest, what_does_not_fit_the_queue_is_dropped) {
    constexpr std::size_t messages_max = 100;
    End small(redis.url(), {}, PubSubOptions{.queue_messages_max = messages_max});
    ASSERT_TRUE(small.waits_until_connected());
    redis.pause();
    // The socket takes some, the queue its hundred.
    const std::string bytes(64UL * 1024, 'x');
    for (int i = 0; i < 1000; ++i) small.channel.publish(Topic::feed, bytes);
    EXPECT_GE(small.channel.stats().dropped, 500U);
    redis.resume();
    expect_healthy(small, there);
}

TEST_F(ChannelTest, more_bytes_than_the_queue_takes_are_dropped) {
    End small(redis.url(), {}, PubSubOptions{.queue_bytes_max = 1000});
    ASSERT_TRUE(small.waits_until_connected());
    small.channel.publish(Topic::feed, std::string(1001, 'x'));
    EXPECT_EQ(small.channel.stats().dropped, 1U);
    small.channel.publish(Topic::feed, "fits");
    ASSERT_TRUE(there.waits_for_feed(1));
    EXPECT_EQ(there.feed(), std::vector<std::string>{"fits"});
}

TEST_F(ChannelTest, a_subscriber_that_was_cut_off_for_being_slow_comes_back) {
    redis.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 100000 100000 1"});
    // A message that alone is more than the limit ends the subscriptions.
    here.channel.publish(Topic::feed, std::string(16U * 1024 * 1024, 'x'));
    ASSERT_TRUE(there.waits_for_connects(2));
    expect_healthy(here, there);
}

TEST_F(ChannelTest, two_shops_share_a_redis_without_meeting) {
    End shop(redis.url(), "shop-2");
    ASSERT_TRUE(shop.waits_until_connected());
    shop.channel.publish(Topic::feed, "of shop 2");
    here.channel.publish(Topic::feed, "of shop 1");
    ASSERT_TRUE(shop.waits_for_feed(1) && there.waits_for_feed(1));
    EXPECT_EQ(shop.feed(), std::vector<std::string>{"of shop 2"});
    EXPECT_EQ(there.feed(), std::vector<std::string>{"of shop 1"});
}

TEST_F(ChannelTest, a_forbidden_channel_is_tried_again_until_it_is_allowed) {
    redis.command({"ACL", "SETUSER", "default", "resetchannels"});
    ASSERT_TRUE(eventually([&] { return !there.channel.connected(); }));
    redis.command({"ACL", "SETUSER", "default", "allchannels"});
    expect_healthy(here, there);
}

TEST_F(ChannelTest, a_listener_that_throws_harms_only_its_message) {
    Locator locator(settings_of(redis.url()), {});
    RedisChannel channel(locator, {});
    std::atomic<int> heard = 0;
    channel.subscribe(Topic::feed, [&](auto bytes) {
        if (bytes == "bad") throw std::runtime_error("bad");
        ++heard;
    });
    channel.start();
    ASSERT_TRUE(eventually([&] { return channel.connected(); }));
    here.channel.publish(Topic::feed, "bad");
    here.channel.publish(Topic::feed, "good");
    EXPECT_TRUE(eventually([&] { return heard == 1; }));
}

TEST_F(ChannelTest, nothing_is_called_after_stop) {
    there.channel.stop();
    there.channel.stop();
    EXPECT_FALSE(there.channel.connected());
    here.channel.publish(Topic::feed, "late");
    ASSERT_TRUE(here.waits_for_feed(1));
    EXPECT_TRUE(there.feed().empty());
    there.channel.publish(Topic::feed, "later");
}

TEST(Channel, stops_while_redis_hangs_and_before_it_was_ever_there) {
    RedisServer redis;
    redis.pause();
    End hanging(redis.url());
    hanging.channel.stop();
    redis.kill();
    End nowhere(redis.url());
    nowhere.channel.stop();
    EXPECT_FALSE(nowhere.channel.connected());
}

TEST(Channel, a_server_that_falls_silent_is_left) {
    std::atomic<int> pings = 0;
    FakeRedis redis([&](std::string_view command) {
        if (command == "SUBSCRIBE") return std::string("*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
        // Both connections are let in; what is asked of them later stays without an answer.
        return std::string(++pings <= 2 ? "+PONG\r\n" : "");
    });
    End end(redis.url());
    ASSERT_TRUE(end.waits_for_connects(1));
    EXPECT_TRUE(eventually([&] { return redis.connections() >= 3; }));
    EXPECT_TRUE(eventually([&] { return !end.channel.connected(); }));
}

TEST(Channel, is_connected_only_while_every_channel_is_subscribed) {
    const std::string confirmation = "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n";
    std::atomic<int> subscriptions = 0;
    std::atomic<bool> confirms = false;
    // The second channel is confirmed late: with the answer to a question for a sign of life.
    FakeRedis redis([&](std::string_view command) -> std::string {
        if (command == "SUBSCRIBE") return ++subscriptions == 1 ? confirmation : "";
        return "+PONG\r\n" + (confirms ? confirmation : "");
    });
    Locator locator(settings_of(redis.url()), {});
    PubSub pub_sub(locator, PubSubOptions{.publishes = false});
    std::atomic<int> calls = 0;
    pub_sub.on_connected([&] { ++calls; });
    pub_sub.subscribe("first", [](auto) {});
    pub_sub.start();
    ASSERT_TRUE(eventually([&] { return calls == 1; }));
    EXPECT_TRUE(pub_sub.connected());
    pub_sub.subscribe("second", [](auto) {});
    EXPECT_FALSE(pub_sub.connected());
    ASSERT_TRUE(eventually([&] { return subscriptions == 2; }));
    EXPECT_FALSE(pub_sub.connected());
    EXPECT_EQ(calls, 1);
    confirms = true;
    EXPECT_TRUE(eventually([&] { return calls == 2 && pub_sub.connected(); }));
}

TEST(Channel, nonsense_is_no_message) {
    const std::string nonsense =
        "*3\r\n$7\r\nmessage\r\n$11\r\nonhand:feed\r\n:5\r\n"
        "*3\r\n$7\r\nmessage\r\n$5\r\nother\r\n$3\r\nabc\r\n"
        "*2\r\n$7\r\nmessage\r\n$11\r\nonhand:feed\r\n"
        "*1\r\n*1\r\n:1\r\n:7\r\n$-1\r\n"
        "*3\r\n$7\r\nmessage\r\n$11\r\nonhand:feed\r\n$4\r\ngood\r\n";
    std::atomic<int> subscriptions = 0;
    FakeRedis redis([&](std::string_view command) -> std::string {
        if (command != "SUBSCRIBE") return "+PONG\r\n";
        return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n" + (++subscriptions == 2 ? nonsense : "");
    });
    End end(redis.url());
    ASSERT_TRUE(eventually([&] {
        const auto feed = end.feed();
        return !feed.empty() && feed.back() == "good";
    }));
    for (const auto& message : end.feed()) EXPECT_TRUE(message.empty() || message == "good");
}

}  // namespace
}  // namespace onhand::bus::redis
