// A real Redis that goes away, hangs, refuses or is too slow: nothing blocks, nothing grows, and it heals by itself.
#include <gtest/gtest.h>

#include "transport/socketio/cluster/testing/cluster_node.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t large_bytes = 64 * 1024;

class RedisAdapterFaults : public testing::Test {
  protected:
    RedisProcess redis;

    // After every fault: messages get through again. The answer of `to` comes after it has delivered what was sent
    // before the question; on a slow machine a short time-out of a test may end a connection once more.
    static void expect_healthy(ClusterNode& from, ClusterNode& to) {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        bool answered = false;
        do {
            ASSERT_TRUE(from.waits_until_connected() && to.waits_until_connected());
            from.adapter.broadcast("/", {R"(["healthy"])", {}}, {});
            answered = !from.fetch().timed_out;
        } while ((!answered || to.local.count(R"(deliver / ["healthy"])") == 0) &&
                 std::chrono::steady_clock::now() < end);
        EXPECT_TRUE(answered);
        EXPECT_GT(to.local.count(R"(deliver / ["healthy"])"), 0U);
    }
};

TEST_F(RedisAdapterFaults, a_redis_that_dies_and_comes_back_is_found_again) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    redis.kill();
    ASSERT_TRUE(a.waits_until_connected(false) && b.waits_until_connected(false));
    EXPECT_FALSE(a.adapter.connected());
    const auto asked = a.fetch();
    EXPECT_TRUE(asked.timed_out);
    a.adapter.broadcast("/", {R"(["lost"])", {}}, {});
    EXPECT_TRUE(a.fetch().timed_out);
    EXPECT_EQ(a.adapter.counts().dropped, 1U);
    redis.start();
    expect_healthy(a, b);
    EXPECT_EQ(b.local.count(R"(deliver / ["lost"])"), 0U);
    EXPECT_TRUE(a.adapter.connected());
}

TEST_F(RedisAdapterFaults, a_redis_that_is_not_there_yet_is_waited_for) {
    redis.kill();
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    EXPECT_TRUE(a.fetch().timed_out);
    redis.start();
    expect_healthy(a, b);
}

TEST_F(RedisAdapterFaults, a_killed_subscription_is_made_again_once) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    const int a_seen = a.changes();
    const int b_seen = b.changes();
    EXPECT_EQ(redis.command({"CLIENT", "KILL", "TYPE", "pubsub"}), "2");
    ASSERT_TRUE(a.waits_for_change(a_seen) && b.waits_for_change(b_seen));
    expect_healthy(a, b);
    EXPECT_EQ(redis.command({"PUBSUB", "NUMSUB", "socket.io-request#/#"}), "socket.io-request#/# 2");
}

TEST_F(RedisAdapterFaults, a_killed_publishing_connection_comes_back) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    const int a_seen = a.changes();
    redis.command({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(a.waits_for_change(a_seen));
    expect_healthy(a, b);
}

TEST_F(RedisAdapterFaults, a_redis_that_hangs_is_given_up_and_found_again) {
    auto settings = settings_for(redis);
    settings.ping_interval = milliseconds(200);
    settings.ping_timeout = milliseconds(300);
    settings.connect_timeout = milliseconds(1000);
    ClusterNode a(settings);
    ClusterNode b(settings);
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    redis.pause();
    ASSERT_TRUE(a.waits_until_connected(false) && b.waits_until_connected(false));
    EXPECT_TRUE(a.fetch().timed_out);
    redis.resume();
    expect_healthy(a, b);
}

TEST_F(RedisAdapterFaults, a_queue_that_is_full_drops_and_counts_without_blocking) {
    constexpr std::size_t messages = 300;
    auto settings = settings_for(redis);
    settings.queue_bytes_max = 4 * 1024 * 1024;
    settings.ping_timeout = test_patience;
    ClusterNode a(settings);
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    redis.pause();
    const std::string event = "[\"" + std::string(large_bytes, 'x') + "\"]";
    for (std::size_t i = 0; i < messages; ++i) a.adapter.broadcast("/", {event, {}}, {});
    EXPECT_GT(a.adapter.counts().dropped, messages / 2);
    redis.resume();
    // A question is refused while the queue is full, and answered after what is before it in the queue.
    while (a.fetch().timed_out) {
    }
    a.adapter.broadcast("/", {R"(["end"])", {}}, {});
    ASSERT_TRUE(b.local.waits_for(R"(deliver / ["end"])"));
    const auto delivered = b.local.count("deliver / " + event);
    EXPECT_GT(delivered, 0U);
    EXPECT_LT(delivered, messages / 2);
    EXPECT_FALSE(a.fetch().timed_out);
    // Besides the large ones: "end", and two questions that were published.
    EXPECT_EQ(a.adapter.counts().published, delivered + 3);
}

TEST_F(RedisAdapterFaults, a_server_that_does_not_answer_costs_the_time_that_was_given_to_it) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ClusterNode c(settings_for(redis));
    b.local.with_lock([&] { b.local.sockets = {{"b1", {"b1"}, "{}", "1"}}; });
    c.local.with_lock([&] { c.local.answers = false; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected() && c.waits_until_connected());
    const auto begun = std::chrono::steady_clock::now();
    const auto got = a.fetch("/", {}, milliseconds(300));
    EXPECT_TRUE(got.timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(300));
    ASSERT_EQ(got.answers.size(), 1U);
    EXPECT_EQ(got.answers[0].id, "b1");
    // An answer that comes after all is ignored.
    ASSERT_TRUE(c.local.waits_for("list sockets /"));
    c.local.with_lock([&] { c.local.kept.at(0)(); });
    c.local.with_lock([&] { c.local.answers = true; });
    EXPECT_FALSE(a.fetch().timed_out);
}

TEST_F(RedisAdapterFaults, questions_above_their_bound_are_answered_at_once) {
    auto settings = settings_for(redis);
    settings.pending_requests_max = 1;
    ClusterNode a(settings);
    ClusterNode b(settings_for(redis));
    b.local.with_lock([&] { b.local.answers = false; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    std::promise<bool> first;
    a.adapter.fetch_sockets("/", {}, 2 * test_patience,
                            [&](const auto& answers) { first.set_value(answers.timed_out); });
    EXPECT_TRUE(a.fetch("/", {}, 2 * test_patience).timed_out);
    ASSERT_TRUE(b.local.waits_for("list sockets /"));
    b.local.with_lock([&] { b.local.kept.at(0)(); });
    auto future = first.get_future();
    ASSERT_EQ(future.wait_for(test_patience), std::future_status::ready);
    EXPECT_FALSE(future.get());
}

TEST_F(RedisAdapterFaults, stopping_ends_questions_that_wait_and_publishes_what_is_queued) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    b.local.with_lock([&] { b.local.answers = false; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    int calls = 0;
    bool timed_out = false;
    a.adapter.fetch_sockets("/", {}, test_patience, [&](const auto& answers) {
        ++calls;
        timed_out = answers.timed_out;
    });
    ASSERT_TRUE(b.local.waits_for("list sockets /"));
    a.adapter.broadcast("/", {R"(["last"])", {}}, {});
    a.adapter.stop();
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(timed_out);
    EXPECT_FALSE(a.adapter.connected());
    EXPECT_TRUE(b.local.waits_for(R"(deliver / ["last"])"));
    b.adapter.stop();
    // Handlers of the library that come too late find an adapter that is gone.
    b.local.with_lock([&] { b.local.kept.at(0)(); });
}

TEST_F(RedisAdapterFaults, stopping_does_not_wait_for_a_redis_that_hangs_or_is_not_there) {
    ClusterNode hanging(settings_for(redis));
    ASSERT_TRUE(hanging.waits_until_connected());
    redis.pause();
    hanging.adapter.broadcast("/", {R"(["last"])", {}}, {});
    hanging.adapter.stop();
    EXPECT_EQ(hanging.adapter.counts().dropped, 1U);
    redis.kill();
    ClusterNode lonely(settings_for(redis));
    lonely.adapter.stop();
    EXPECT_FALSE(lonely.adapter.connected());
}

TEST_F(RedisAdapterFaults, a_password_is_needed_and_used) {
    redis.kill();
    redis.start({"--requirepass", "secret"});
    ClusterNode without(settings_for(redis));
    EXPECT_TRUE(without.fetch().timed_out);
    auto settings = settings_for(redis);
    settings.password = "secret";
    settings.database = 3;
    ClusterNode a(settings);
    settings.user = "default";
    ClusterNode b(settings);
    expect_healthy(a, b);
    EXPECT_FALSE(without.adapter.connected());
}

TEST_F(RedisAdapterFaults, a_message_that_redis_refuses_is_counted_and_the_next_one_goes_out) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    redis.command({"ACL", "SETUSER", "default", "-publish"});
    a.adapter.broadcast("/", {R"(["refused"])", {}}, {});
    // The question is refused as well, after the broadcast.
    EXPECT_TRUE(a.fetch("/", {}, milliseconds(300)).timed_out);
    EXPECT_EQ(a.adapter.counts().dropped, 2U);
    redis.command({"ACL", "SETUSER", "default", "+publish"});
    expect_healthy(a, b);
    EXPECT_EQ(b.local.count(R"(deliver / ["refused"])"), 0U);
}

TEST(RedisAdapterUnstarted, can_be_thrown_away) {
    const RedisAdapter adapter{RedisSettings{}};
    EXPECT_FALSE(adapter.connected());
    EXPECT_EQ(adapter.uid().size(), 16U);
}

}  // namespace
}  // namespace onhand::socketio
