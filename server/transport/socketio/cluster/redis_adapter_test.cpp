// Servers of one cluster over a real Redis: what one says the others do, what one asks the others answer.
#include "transport/socketio/cluster/redis_adapter.hpp"

#include <gtest/gtest.h>

#include "transport/socketio/cluster/testing/cluster_node.hpp"
#include "transport/socketio/cluster/testing/redis_ear.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

class RedisAdapterTest : public testing::Test {
  protected:
    RedisProcess redis;

    std::string publish(const std::string& channel, const std::string& payload) {
        return redis.command({"PUBLISH", channel, payload});
    }
};

TEST_F(RedisAdapterTest, brings_broadcasts_to_the_others_and_not_back) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    a.adapter.broadcast("/", {R"(["hello",{"_placeholder":true,"num":0}])", {"bytes"}}, {{"r"}, {"x", "y"}, true});
    ASSERT_TRUE(
        b.local.waits_for(R"(deliver / ["hello",{"_placeholder":true,"num":0}]+bytes to r except x y volatile)"));
    a.adapter.broadcast("/", {R"(["two"])", {}}, {{"r", "s"}, {}, false});
    ASSERT_TRUE(b.local.waits_for(R"(deliver / ["two"] to r s)"));
    // Redis keeps the order, so anything of its own would reach `a` before this.
    b.adapter.broadcast("/", {R"(["mark"])", {}}, {});
    ASSERT_TRUE(a.local.waits_for(R"(deliver / ["mark"])"));
    EXPECT_EQ(a.local.lines(), Lines{R"(deliver / ["mark"])"});
    EXPECT_EQ(a.adapter.counts().received, 1U);
    EXPECT_EQ(b.adapter.counts().received, 2U);
    EXPECT_EQ(a.adapter.counts().dropped, 0U);
}

TEST_F(RedisAdapterTest, keeps_namespaces_apart) {
    ClusterNode a(settings_for(redis), {"/", "/chat", "/#x"});
    ClusterNode b(settings_for(redis), {"/", "/chat"});
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    // The channel of this one looks like the room "x" of the main namespace.
    a.adapter.broadcast("/#x", {R"(["stray"])", {}}, {});
    a.adapter.broadcast("/chat", {R"(["chat"])", {}}, {});
    a.adapter.broadcast("/", {R"(["main"])", {}}, {});
    ASSERT_TRUE(b.local.waits_for(R"(deliver / ["main"])"));
    EXPECT_EQ(b.local.lines(), (Lines{R"(deliver /chat ["chat"])", R"(deliver / ["main"])"}));
}

TEST_F(RedisAdapterTest, keeps_prefixes_apart) {
    auto settings = settings_for(redis);
    settings.prefix = "other";
    ClusterNode a(settings);
    ClusterNode b(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    EXPECT_EQ(redis.command({"PUBSUB", "NUMSUB", "other-request#/#"}), "other-request#/# 1");
    EXPECT_TRUE(a.fetch().answers.empty());
}

TEST_F(RedisAdapterTest, lets_the_others_join_leave_disconnect_and_hear_events) {
    ClusterNode a(settings_for(redis), {"/chat"});
    ClusterNode b(settings_for(redis), {"/chat"});
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    a.adapter.join_rooms("/chat", {{"r"}, {"x"}, false}, {"new", "newer"});
    a.adapter.leave_rooms("/chat", {{"r"}, {}, false}, {"new"});
    a.adapter.disconnect("/chat", {}, true);
    a.adapter.server_event("/chat", {R"(["event",{"_placeholder":true,"num":0}])", {"bytes"}});
    ASSERT_TRUE(b.local.waits_for(R"(server event /chat ["event",{"_placeholder":true,"num":0}]+bytes)"));
    EXPECT_EQ(b.local.lines(),
              (Lines{"join /chat to r except x : new newer", "leave /chat to r : new", "disconnect /chat and close",
                     R"(server event /chat ["event",{"_placeholder":true,"num":0}]+bytes)"}));
    EXPECT_TRUE(a.local.lines().empty());
}

TEST_F(RedisAdapterTest, fetches_the_clients_of_all_others) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ClusterNode c(settings_for(redis));
    b.local.with_lock(
        [&] { b.local.sockets = {{"b1", {"b1", "r"}, R"({"t":1})", R"({"n":"b"})"}, {"b2", {}, "", ""}}; });
    c.local.with_lock([&] { c.local.sockets = {{"c1", {"c1"}, "{}", "7"}}; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected() && c.waits_until_connected());
    auto got = a.fetch("/", {{"r"}, {"x"}, false});
    EXPECT_FALSE(got.timed_out);
    ASSERT_EQ(got.answers.size(), 3U);
    const auto by_id = [](const auto& left, const auto& right) { return left.id < right.id; };
    std::sort(got.answers.begin(), got.answers.end(), by_id);
    EXPECT_EQ(got.answers[0].id, "b1");
    EXPECT_EQ(got.answers[0].rooms, (Lines{"b1", "r"}));
    EXPECT_EQ(got.answers[0].handshake_json, R"({"t":1})");
    EXPECT_EQ(got.answers[0].data_json, R"({"n":"b"})");
    EXPECT_EQ(got.answers[1].data_json, "null");
    EXPECT_EQ(got.answers[2].id, "c1");
    EXPECT_TRUE(b.local.waits_for("list sockets / to r except x"));
    EXPECT_TRUE(a.local.lines().empty());
}

TEST_F(RedisAdapterTest, collects_acknowledgements_of_the_clients_of_all_others) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ClusterNode c(settings_for(redis));
    b.local.with_lock(
        [&] { b.local.client_answers = {{R"("b1")", {}}, {R"({"_placeholder":true,"num":0})", {"bytes"}}}; });
    c.local.with_lock([&] { c.local.client_answers = {{"null", {}}}; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected() && c.waits_until_connected());
    const auto got = a.wait_for<JsonData>([&](auto done) {
        a.adapter.broadcast_with_ack("/", {R"(["ask"])", {}}, {{"r"}, {}, false}, milliseconds(20'000),
                                     std::move(done));
    });
    EXPECT_FALSE(got.timed_out);
    Lines answers;
    for (const auto& each : got.answers) answers.push_back(each.json + (each.attachments.empty() ? "" : "+bytes"));
    std::sort(answers.begin(), answers.end());
    EXPECT_EQ(answers, (Lines{R"("b1")", "null", R"({"_placeholder":true,"num":0}+bytes)"}));
    EXPECT_TRUE(b.local.waits_for(R"(ask clients / ["ask"] to r 20000)"));
}

TEST_F(RedisAdapterTest, collects_the_answers_of_all_others_to_an_event) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis));
    ClusterNode c(settings_for(redis));
    b.local.with_lock([&] { b.local.client_answers = {{"1", {}}}; });
    c.local.with_lock([&] { c.local.client_answers = {{R"({"_placeholder":true,"num":0})", {"bytes"}}}; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected() && c.waits_until_connected());
    const auto got = a.wait_for<JsonData>(
        [&](auto done) { a.adapter.server_event_with_ack("/", {R"(["ask",1])", {}}, test_patience, std::move(done)); });
    EXPECT_FALSE(got.timed_out);
    ASSERT_EQ(got.answers.size(), 2U);
    EXPECT_EQ(got.answers[0].json.size() + got.answers[1].json.size(), 1 + 29U);
}

TEST_F(RedisAdapterTest, alone_gets_no_answers_and_does_not_wait_for_them) {
    ClusterNode a(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected());
    const auto got = a.fetch();
    EXPECT_FALSE(got.timed_out);
    EXPECT_TRUE(got.answers.empty());
}

TEST_F(RedisAdapterTest, asks_in_a_namespace_that_was_added_just_now) {
    ClusterNode a(settings_for(redis));
    ClusterNode b(settings_for(redis), {"/", "/late"});
    b.local.with_lock([&] { b.local.sockets = {{"b1", {"b1"}, "{}", "1"}}; });
    ASSERT_TRUE(a.waits_until_connected() && b.waits_until_connected());
    a.adapter.add_namespace("/late");
    const auto got = a.fetch("/late");
    EXPECT_FALSE(got.timed_out);
    EXPECT_EQ(got.answers.size(), 1U);
}

TEST_F(RedisAdapterTest, is_counted_once_for_each_of_its_namespaces) {
    ClusterNode a(settings_for(redis), {"/", "/chat"});
    a.adapter.add_namespace("/chat");
    ASSERT_TRUE(a.waits_until_connected());
    const Lines count = {"PUBSUB", "NUMSUB", "socket.io-request#/#", "socket.io-request#/chat#",
                         "socket.io-request#/no#"};
    EXPECT_EQ(redis.command(count), "socket.io-request#/# 1 socket.io-request#/chat# 1 socket.io-request#/no# 0");
    a.adapter.remove_namespace("/chat");
    // Questions are asked in the order of the commands, and Redis answers on the connection that unsubscribed.
    a.adapter.add_namespace("/next");
    EXPECT_FALSE(a.fetch("/next").timed_out);
    EXPECT_EQ(redis.command(count), "socket.io-request#/# 1 socket.io-request#/chat# 0 socket.io-request#/no# 0");
    EXPECT_EQ(publish("socket.io#/chat#", "x"), "0");
    EXPECT_TRUE(a.fetch("/chat").timed_out);
}

TEST_F(RedisAdapterTest, takes_names_with_glob_characters_literally) {
    ClusterNode a(settings_for(redis), {"/a*[b]?"});
    ASSERT_TRUE(a.waits_until_connected());
    EXPECT_EQ(publish("socket.io#/axxb?#", "x"), "0");
    EXPECT_EQ(publish("socket.io#/a*[b]?#", "x"), "1");
    EXPECT_EQ(publish("socket.io#/a*[b]?#room#", "x"), "1");
}

TEST_F(RedisAdapterTest, answers_what_node_asks) {
    ClusterNode a(settings_for(redis));
    a.local.with_lock([&] {
        a.local.sockets = {{"s1", {"s1", "r"}, R"({"t":1})", "7"}};
        a.local.rooms = {"s1", "r"};
        a.local.client_answers = {{"[1]", {}}};
    });
    ASSERT_TRUE(a.waits_until_connected());
    RedisEar ear(redis, "socket.io-response#/#");
    const std::string requests = "socket.io-request#/#";
    publish(requests, R"({"uid":"n","requestId":"r0","type":0,"rooms":["r"]})");
    EXPECT_EQ(ear.next(), R"({"requestId":"r0","sockets":["s1"]})");
    publish(requests, R"({"uid":"n","requestId":"r1","type":1})");
    EXPECT_EQ(ear.next(), R"({"requestId":"r1","rooms":["s1","r"]})");
    publish(requests, R"({"type":2,"sid":"s1","room":"new","requestId":"r2"})");
    EXPECT_EQ(ear.next(), R"({"requestId":"r2"})");
    publish(requests, R"({"uid":"n","requestId":"r5","type":5,"opts":{"rooms":[],"except":[]}})");
    EXPECT_EQ(ear.next(),
              R"({"requestId":"r5","sockets":[{"id":"s1","handshake":{"t":1},"rooms":["s1","r"],"data":7}]})");
    publish(requests, R"({"uid":"n","requestId":"r6","type":6,"data":["e"]})");
    EXPECT_EQ(ear.next(), R"({"type":6,"requestId":"r6","data":[1]})");
    publish(requests, R"({"uid":"n","requestId":"r7","type":7,"packet":{"type":2,"data":["e"],"nsp":"/"},)"
                      R"("opts":{"rooms":[],"except":[],"flags":{"timeout":50}}})");
    EXPECT_EQ(ear.next(), R"({"type":8,"requestId":"r7","clientCount":1})");
    EXPECT_EQ(ear.next(), "\x83\xa4type\x09\xa9requestId\xa2r7\xa6packet\x91\x01");
    EXPECT_EQ(a.local.lines(),
              (Lines{"list sockets / to r", "list rooms /", "list sockets / to s1", "join / to s1 : new",
                     "list sockets /", R"(server event / ["e"])", R"(ask clients / ["e"] 50)"}));
}

TEST_F(RedisAdapterTest, does_what_the_emitter_says) {
    ClusterNode a(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected());
    const std::string requests = "socket.io-request#/#";
    publish(requests, R"({"type":2,"opts":{"rooms":["a"],"except":[]},"rooms":["b"]})");
    publish(requests, R"({"type":3,"opts":{"rooms":["a"],"except":[]},"rooms":["b"]})");
    publish(requests, R"({"type":4,"opts":{"rooms":["a"],"except":[]},"close":false})");
    publish(requests, R"({"uid":"emitter","type":6,"data":["e"]})");
    ASSERT_TRUE(a.local.waits_for(R"(server event / ["e"])"));
    EXPECT_EQ(a.local.lines(),
              (Lines{"join / to a : b", "leave / to a : b", "disconnect / to a", R"(server event / ["e"])"}));
}

TEST_F(RedisAdapterTest, counts_what_makes_no_sense_and_goes_on) {
    ClusterNode a(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected());
    publish("socket.io#/#", R"({"type":3})");
    publish("socket.io#/#room#", "\xc1");
    publish("socket.io-request#/#", "{");
    publish("socket.io-response#/#", std::string(100'000, '\x91'));
    publish("socket.io-request#/#", R"({"uid":"emitter","type":6,"data":["e"]})");
    ASSERT_TRUE(a.local.waits_for(R"(server event / ["e"])"));
    EXPECT_EQ(a.adapter.counts().malformed, 4U);
    EXPECT_EQ(a.adapter.counts().received, 1U);
}

TEST_F(RedisAdapterTest, counts_own_messages_that_cannot_be_sent) {
    ClusterNode a(settings_for(redis));
    ASSERT_TRUE(a.waits_until_connected());
    a.adapter.broadcast("/", {"no json", {}}, {});
    const auto got = a.wait_for<JsonData>(
        [&](auto done) { a.adapter.server_event_with_ack("/", {"no json", {}}, test_patience, std::move(done)); });
    EXPECT_TRUE(got.timed_out);
    EXPECT_EQ(a.adapter.counts().unsendable, 2U);
}

}  // namespace
}  // namespace onhand::socketio
