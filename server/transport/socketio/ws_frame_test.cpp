#include "transport/socketio/ws_frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace onhand::socketio {
namespace {

constexpr std::size_t limit = 1000;

struct FrameSpec {
    unsigned first = 0x81;  // FIN, reserved bits and opcode
    std::string payload;
    bool masked = true;
};

// A client frame with a key that changes every byte.
std::string client_frame(const FrameSpec& spec) {
    constexpr unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
    std::string out(1, static_cast<char>(spec.first));
    const auto length = spec.payload.size();
    const unsigned mask_bit = spec.masked ? 0x80 : 0;
    if (length < 126) {
        out += static_cast<char>(mask_bit | length);
    } else if (length < 65536) {
        out += static_cast<char>(mask_bit | 126);
        out += static_cast<char>(length >> 8);
        out += static_cast<char>(length & 0xFF);
    } else {
        out += static_cast<char>(mask_bit | 127);
        for (int i = 7; i >= 0; --i) out += static_cast<char>(static_cast<std::uint64_t>(length) >> (8 * i) & 0xFF);
    }
    if (!spec.masked) return out + spec.payload;
    out.append(reinterpret_cast<const char*>(key), 4);
    for (std::size_t i = 0; i < length; ++i) {
        out += static_cast<char>(static_cast<unsigned char>(spec.payload[i]) ^ key[i % 4]);
    }
    return out;
}

// Feeds `bytes` in pieces of `piece` bytes and writes down what comes out, one word per message.
std::vector<std::string> decode(std::string bytes, std::size_t piece, std::size_t message_bytes_max = limit) {
    WsDecoder decoder(message_bytes_max);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::span<char> input(bytes.data() + at, std::min(piece, bytes.size() - at));
        WsMessage message;
        while (true) {
            const auto status = decoder.next(input, message);
            if (status == WsDecoder::Status::need_more) break;
            if (status == WsDecoder::Status::error) {
                out.push_back("error " + std::to_string(static_cast<int>(decoder.error_code())));
                return out;
            }
            std::string word = std::to_string(static_cast<int>(message.opcode)) + ":" + std::string(message.payload);
            if (message.opcode == WsOpcode::close) word += "#" + std::to_string(message.close_code);
            out.push_back(std::move(word));
        }
    }
    return out;
}

// Whatever the pieces, the outcome is the same.
void expect(const std::string& bytes, const std::vector<std::string>& outcome) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{100000}}) {
        EXPECT_EQ(decode(bytes, piece), outcome) << "in pieces of " << piece;
    }
}

TEST(WsDecoder, reads_messages_of_every_length_form) {
    for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 125U, 126U, 127U, 999U, 1000U}) {
        std::string text(length, 'x');
        for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('a' + i % 26);
        expect(client_frame({0x81, text}) + client_frame({0x82, text}), {"1:" + text, "2:" + text});
    }
    const std::string large(70000, 'y');
    EXPECT_EQ(decode(client_frame({0x81, large}), 4096, 100000), std::vector<std::string>{"1:" + large});
}

TEST(WsDecoder, joins_fragments_and_lets_control_frames_between) {
    expect(client_frame({0x01, "he"}) + client_frame({0x89, "ping"}) + client_frame({0x00, "l"}) +
               client_frame({0x8A, ""}) + client_frame({0x80, "lo"}) + client_frame({0x82, "next"}),
           {"9:ping", "10:", "1:hello", "2:next"});
    expect(client_frame({0x02, ""}) + client_frame({0x00, ""}) + client_frame({0x80, ""}), {"2:"});
}

TEST(WsDecoder, refuses_broken_framing_with_1002) {
    const std::vector<std::string> refused = {"error 1002"};
    expect(client_frame({0x81, "unmasked", false}), refused);
    expect(client_frame({0xC1, "rsv1"}), refused);
    expect(client_frame({0xA1, "rsv2"}), refused);
    expect(client_frame({0x91, "rsv3"}), refused);
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        expect(client_frame({0x80U | opcode, ""}), refused);
    }
    expect(client_frame({0x80, "continuation of nothing"}), refused);
    expect(client_frame({0x01, "open"}) + client_frame({0x81, "another"}), refused);
    expect(client_frame({0x09, "fragmented ping"}), refused);
    expect(client_frame({0x89, std::string(126, 'p')}), refused);
    // A 64-bit length with its top bit set.
    expect(std::string("\x82\xff\x80\0\0\0\0\0\0\0\x01\x02\x03\x04", 14), refused);
}

TEST(WsDecoder, refuses_messages_above_the_limit_with_1009) {
    const std::vector<std::string> refused = {"error 1009"};
    expect(client_frame({0x82, std::string(1001, 'x')}), refused);
    expect(client_frame({0x02, std::string(600, 'x')}) + client_frame({0x80, std::string(401, 'x')}), refused);
    // The largest length there is, without its payload.
    expect(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14), refused);
    expect(client_frame({0x02, std::string(600, 'x')}) + client_frame({0x80, std::string(400, 'x')}),
           {"2:" + std::string(1000, 'x')});
}

TEST(WsDecoder, refuses_text_that_is_not_utf8_with_1007) {
    const std::vector<std::string> refused = {"error 1007"};
    expect(client_frame({0x81, "\xff"}), refused);
    expect(client_frame({0x81, "cut off \xe2\x82"}), refused);
    expect(client_frame({0x01, "\xe2\x82"}) + client_frame({0x80, "A"}), refused);
    expect(client_frame({0x01, "\xe2"}) + client_frame({0x00, "\x82"}) + client_frame({0x80, "\xac"}),
           {"1:\xe2\x82\xac"});
    expect(client_frame({0x82, "\xff"}), {"2:\xff"});
}

TEST(WsDecoder, reads_close_frames_and_refuses_bad_ones) {
    expect(client_frame({0x88, ""}), {"8:#0"});
    expect(client_frame({0x88,
                         "\x03\xe8"
                         "bye"}),
           {"8:bye#1000"});
    expect(client_frame({0x88, "\x0f\xa0"}), {"8:#4000"});
    expect(client_frame({0x88, "\x03"}), {"error 1002"});
    expect(client_frame({0x88, "\x03\xe8\xff"}), {"error 1007"});
    const std::pair<int, int> codes[] = {{0x00, 0},    {0x03, 0xe7}, {0x03, 0xec}, {0x03, 0xed}, {0x03, 0xee},
                                         {0x03, 0xf7}, {0x07, 0xd0}, {0x0b, 0xb7}, {0x13, 0x88}, {0xff, 0xff}};
    for (const auto& [high, low] : codes) {
        const std::string code = {static_cast<char>(high), static_cast<char>(low)};
        expect(client_frame({0x88, code}), {"error 1002"});
    }
}

TEST(WsDecoder, survives_any_bytes) {
    std::mt19937 random(20240607);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes(random() % 300, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        // Plausible beginnings get further than noise does.
        if (!bytes.empty()) bytes[0] = static_cast<char>((random() % 2) << 7 | random() % 11);
        if (bytes.size() > 1 && round % 2 == 0) bytes[1] = static_cast<char>(0x80 | random() % 128);
        const auto whole = decode(bytes, bytes.size() + 1);
        EXPECT_EQ(decode(bytes, 1 + random() % 9), whole);
    }
}

TEST(WsEncoder, writes_the_shortest_length_form) {
    std::string out;
    append_ws_header(out, WsOpcode::text, 125);
    EXPECT_EQ(out, "\x81\x7d");
    out.clear();
    append_ws_header(out, WsOpcode::binary, 126);
    EXPECT_EQ(out, std::string("\x82\x7e\x00\x7e", 4));
    out.clear();
    append_ws_header(out, WsOpcode::text, 65535);
    EXPECT_EQ(out, "\x81\x7e\xff\xff");
    out.clear();
    append_ws_header(out, WsOpcode::text, 65536);
    EXPECT_EQ(out, std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
    EXPECT_EQ(encode_ws_close(WsCloseCode::none), std::string("\x88\0", 2));
    EXPECT_EQ(encode_ws_close(WsCloseCode::going_away), "\x88\x02\x03\xe9");
    EXPECT_EQ(encode_ws_control(WsOpcode::pong, std::string(200, 'x')).size(), 127U);
}

}  // namespace
}  // namespace onhand::socketio
