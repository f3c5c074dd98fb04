#include "transport/socketio/engine_packet.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace onhand::socketio {
namespace {

// One word per packet: type digit, "b" for bytes, data; "error" at the end of a bad payload.
std::vector<std::string> read_all(std::string_view body) {
    std::vector<std::string> out;
    PayloadReader reader(body);
    EnginePacket packet;
    while (true) {
        const auto status = reader.next(packet);
        if (status == PayloadReader::Status::end) return out;
        if (status == PayloadReader::Status::error) {
            out.push_back("error");
            EXPECT_EQ(reader.next(packet), PayloadReader::Status::end);
            return out;
        }
        out.push_back(std::to_string(static_cast<int>(packet.type)) + (packet.binary ? "b" : "") +
                      std::string(packet.data));
    }
}

TEST(EnginePacket, is_a_digit_and_text) {
    const auto packet = decode_engine_packet("4hello");
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->type, EnginePacketType::message);
    EXPECT_EQ(packet->data, "hello");
    EXPECT_EQ(decode_engine_packet("2probe")->type, EnginePacketType::ping);
    for (const char* text : {"", "7", "9x", "a", "b", "-1", " 4", "\x1e"})
        EXPECT_FALSE(decode_engine_packet(text)) << text;
}

TEST(Payload, is_read_packet_by_packet) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(read_all("4hello"), (Words{"4hello"}));
    EXPECT_EQ(read_all("4a\x1e"
                       "3\x1e"
                       "bAQID"),
              (Words{"4a", "3", "4b\x01\x02\x03"}));
    EXPECT_EQ(read_all("4"), (Words{"4"}));
    EXPECT_EQ(read_all("b"), (Words{"4b"}));
}

TEST(Payload, delivers_what_stands_before_a_bad_packet) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(read_all(""), (Words{"error"}));
    EXPECT_EQ(read_all("\x1e"), (Words{"error"}));
    EXPECT_EQ(read_all("\x1e\x1e"), (Words{"error"}));
    EXPECT_EQ(read_all("4a\x1e"), (Words{"4a", "error"}));
    EXPECT_EQ(read_all("\x1e"
                       "4a"),
              (Words{"error"}));
    EXPECT_EQ(read_all("4a\x1e"
                       "9\x1e"
                       "4b"),
              (Words{"4a", "error"}));
    EXPECT_EQ(read_all("b%%%"), (Words{"error"}));
    EXPECT_EQ(read_all("abc"), (Words{"error"}));
}

TEST(EngineHandshake, has_exactly_the_five_keys) {
    EXPECT_EQ(encode_handshake("abc", true, std::chrono::milliseconds(300), std::chrono::milliseconds(200), 1000000),
              R"({"sid":"abc","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000})");
    EXPECT_EQ(encode_handshake("abc", false, std::chrono::milliseconds(1), std::chrono::milliseconds(2), 3),
              R"({"sid":"abc","upgrades":[],"pingInterval":1,"pingTimeout":2,"maxPayload":3})");
}

}  // namespace
}  // namespace onhand::socketio
