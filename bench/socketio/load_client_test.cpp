#include "socketio/load_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace onhand::bench::socketio {
namespace {

std::string server_frame(std::string_view text) {
    std::string out = "\x81";
    if (text.size() < 126) return (out += static_cast<char>(text.size())).append(text);
    out += '\x7e';
    out += static_cast<char>(text.size() >> 8U);
    out += static_cast<char>(text.size() & 0xFFU);
    return out.append(text);
}

std::string event_of(std::size_t bytes) {
    std::string packet(event_beginning);
    return packet.append(bytes - packet.size() - 2, 'x').append("\"]");
}

class LoadClientTest : public testing::Test {
  protected:
    // What the client answers to a text message, or "failed: " and the problem.
    std::string answer_to(std::string_view text) { return give(server_frame(text)); }

    std::string give(std::string_view bytes) {
        std::string reply;
        std::string problem;
        return client.consume(bytes, reply, counts, problem) ? reply : "failed: " + problem;
    }

    void join() {
        give("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        answer_to(R"(0{"sid":"a","pingInterval":25000})");
        answer_to(R"(40{"sid":"b"})");
    }

    LoadClient client;
    Counts counts;
};

TEST_F(LoadClientTest, joins_the_main_namespace) {
    EXPECT_EQ(give("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "");
    EXPECT_EQ(answer_to(R"(0{"sid":"a"})"), client_text_frame("40"));
    EXPECT_FALSE(client.ready());
    EXPECT_EQ(answer_to(R"(40{"sid":"b"})"), "");
    EXPECT_TRUE(client.ready());
    EXPECT_EQ(counts.ready, 1U);
}

TEST_F(LoadClientTest, answers_pings_at_any_time) {
    give("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    EXPECT_EQ(answer_to("2"), client_text_frame("3"));
    EXPECT_EQ(counts.pings, 1U);
}

TEST_F(LoadClientTest, counts_broadcasts_of_the_right_length_only) {
    join();
    EXPECT_EQ(give(server_frame(event_of(event_bytes)) + server_frame(event_of(event_bytes))), "");
    EXPECT_EQ(counts.deliveries, 2U);
    EXPECT_TRUE(
        answer_to(event_of(event_bytes + 1)).starts_with("failed: unexpected packet of 201 bytes: 42[\"tick\""));
    EXPECT_EQ(counts.deliveries, 2U);
}

TEST_F(LoadClientTest, answers_questions) {
    join();
    EXPECT_EQ(answer_to(R"(4217["question","x"])"), client_text_frame("4317[]"));
    EXPECT_EQ(counts.questions, 1U);
    EXPECT_EQ(answer_to(R"(42["acked",1000])"), "");
    EXPECT_EQ(counts.rounds_acked, 1U);
}

TEST_F(LoadClientTest, fails_on_what_it_does_not_expect) {
    for (const auto* const text : {R"(42["other"])", "42x[]", "42", "44{\"message\":\"no\"}", "1", "41"}) {
        client = LoadClient();
        join();
        EXPECT_EQ(answer_to(text).substr(0, 26), "failed: unexpected packet ") << text;
    }
    client = LoadClient();
    give("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    EXPECT_TRUE(answer_to(R"(40{"sid":"b"})").starts_with("failed: unexpected"));
}

TEST_F(LoadClientTest, fails_when_it_is_refused_or_closed) {
    EXPECT_EQ(give("HTTP/1.1 400 Bad Request\r\n\r\n"), "failed: refused: HTTP/1.1 400 Bad Request");
    client = LoadClient();
    join();
    EXPECT_EQ(give(std::string_view("\x88\x00", 2)), "failed: the server closed the WebSocket");
}

TEST(ClientTextFrame, is_masked_and_has_the_length) {
    EXPECT_EQ(client_text_frame("40"), std::string("\x81\x82\x00\x00\x00\x00"
                                                   "40",
                                                   8));
    const auto longer = client_text_frame(std::string(300, 'x'));
    EXPECT_EQ(longer.substr(0, 8), std::string("\x81\xfe\x01\x2c\x00\x00\x00\x00", 8));
    EXPECT_EQ(longer.size(), 308U);
}

}  // namespace
}  // namespace onhand::bench::socketio
