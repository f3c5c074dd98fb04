#include "transport/socketio/socket_session.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

using Verdict = SocketSession::Verdict;
constexpr TimePoint start{};

class SocketSessionTest : public testing::Test {
  protected:
    Verdict on(std::string_view text) { return session.on_message(text, packet); }

    SocketSession session{std::chrono::milliseconds(1000), start};
    std::optional<SocketPacket> packet;
};

TEST_F(SocketSessionTest, joins_talks_and_leaves) {
    EXPECT_EQ(on("0{\"token\":1}"), Verdict::connect);
    EXPECT_TRUE(session.joined("/"));
    EXPECT_EQ(on("2[\"a\"]"), Verdict::event);
    EXPECT_EQ(on("25[\"a\"]"), Verdict::event);
    EXPECT_EQ(on("31[]"), Verdict::ack);
    EXPECT_EQ(on("1"), Verdict::disconnect);
    EXPECT_EQ(on("0"), Verdict::connect);
}

TEST_F(SocketSessionTest, closes_on_packets_for_a_namespace_not_joined) {
    for (const char* text : {"2[\"a\"]", "1", "31[]", "2/other,[\"a\"]"}) EXPECT_EQ(on(text), Verdict::close) << text;
    EXPECT_EQ(on("0"), Verdict::connect);
    EXPECT_EQ(on("2[\"too early\"]"), Verdict::close);
    EXPECT_TRUE(session.joined("/"));
    EXPECT_EQ(on("2/other,[\"a\"]"), Verdict::close);
    EXPECT_EQ(on("1"), Verdict::disconnect);
    EXPECT_EQ(on("2[\"too late\"]"), Verdict::close);
}

TEST_F(SocketSessionTest, takes_a_repeated_connect_as_one_until_it_is_decided) {
    EXPECT_EQ(on("0"), Verdict::connect);
    EXPECT_EQ(on("0"), Verdict::nothing);
    EXPECT_TRUE(session.joined("/"));
    EXPECT_FALSE(session.joined("/"));
    EXPECT_EQ(on("0"), Verdict::close);
}

TEST_F(SocketSessionTest, may_ask_again_after_a_refusal) {
    EXPECT_EQ(on("0"), Verdict::connect);
    EXPECT_TRUE(session.refused("/"));
    EXPECT_FALSE(session.joined("/"));
    EXPECT_EQ(on("0"), Verdict::connect);
}

TEST_F(SocketSessionTest, stops_the_join_deadline_only_by_joining) {
    EXPECT_EQ(session.join_deadline(), start + std::chrono::milliseconds(1000));
    on("0/none,");
    session.refused("/none");
    EXPECT_EQ(session.join_deadline(), start + std::chrono::milliseconds(1000));
    on("0");
    session.joined("/");
    EXPECT_EQ(session.join_deadline(), TimePoint::max());
}

TEST_F(SocketSessionTest, ignores_empty_events_and_acks) {
    on("0");
    session.joined("/");
    EXPECT_EQ(on("2"), Verdict::nothing);
    EXPECT_EQ(on("27"), Verdict::nothing);
    EXPECT_EQ(on("3"), Verdict::nothing);
    EXPECT_EQ(on("3[1]"), Verdict::nothing);
}

TEST_F(SocketSessionTest, waits_for_the_attachments_of_a_packet) {
    on("0");
    session.joined("/");
    std::string text = R"(52-7["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])";
    EXPECT_EQ(on(text), Verdict::nothing);
    text.assign(text.size(), '!');  // the packet must not depend on the message it came in
    EXPECT_EQ(session.on_binary("x", packet), Verdict::nothing);
    EXPECT_EQ(session.on_binary("y", packet), Verdict::event);
    EXPECT_EQ(packet->type, SocketPacketType::event);
    EXPECT_EQ(packet->id, 7u);
    EXPECT_EQ(packet->nsp, "/");
    EXPECT_EQ(packet->attachments, (Attachments{"x", "y"}));
    EXPECT_EQ(packet->json, R"(["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])");
    EXPECT_EQ(on(R"(61-3[{"_placeholder":true,"num":0}])"), Verdict::nothing);
    EXPECT_EQ(session.on_binary("z", packet), Verdict::ack);
    EXPECT_EQ(on("2[\"a\"]"), Verdict::event);
}

TEST_F(SocketSessionTest, closes_on_text_while_attachments_are_due) {
    on("0");
    session.joined("/");
    EXPECT_EQ(on(R"(51-["a",{"_placeholder":true,"num":0}])"), Verdict::nothing);
    EXPECT_EQ(on("2[\"a\"]"), Verdict::close);
}

TEST_F(SocketSessionTest, closes_on_bytes_nobody_announced) {
    EXPECT_EQ(session.on_binary("x", packet), Verdict::close);
    on("0");
    session.joined("/");
    EXPECT_EQ(session.on_binary("x", packet), Verdict::close);
    EXPECT_EQ(on(R"(51-["a",{"_placeholder":true,"num":0}])"), Verdict::nothing);
    EXPECT_EQ(session.on_binary("x", packet), Verdict::event);
    EXPECT_EQ(session.on_binary("x", packet), Verdict::close);
}

TEST_F(SocketSessionTest, closes_on_a_placeholder_without_attachment) {
    on("0");
    session.joined("/");
    EXPECT_EQ(on(R"(51-["a",{"_placeholder":true,"num":1}])"), Verdict::nothing);
    EXPECT_EQ(session.on_binary("x", packet), Verdict::close);
}

TEST_F(SocketSessionTest, keeps_no_binary_packet_for_a_namespace_not_joined) {
    EXPECT_EQ(on(R"(51-["a",{"_placeholder":true,"num":0}])"), Verdict::close);
    on("0");
    session.joined("/");
    EXPECT_EQ(on(R"(51-/other,["a",{"_placeholder":true,"num":0}])"), Verdict::close);
}

TEST_F(SocketSessionTest, bounds_the_namespaces_of_a_connection) {
    for (std::size_t i = 0; i < namespaces_per_connection_max; ++i) {
        EXPECT_EQ(on("0/n" + std::to_string(i) + ","), Verdict::connect);
    }
    EXPECT_EQ(on("0/more,"), Verdict::refuse);
    session.leave("/n3");
    EXPECT_EQ(on("0/more,"), Verdict::connect);
}

}  // namespace
}  // namespace onhand::socketio
