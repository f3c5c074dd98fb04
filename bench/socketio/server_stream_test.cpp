#include "socketio/server_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace onhand::bench::socketio {
namespace {

using Status = ServerStream::Status;

constexpr std::string_view head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

std::string frame(char first_byte, std::string_view payload) {
    std::string out(1, first_byte);
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else if (payload.size() <= 0xFFFF) {
        out += '\x7e';
        out += static_cast<char>(payload.size() >> 8U);
        out += static_cast<char>(payload.size() & 0xFFU);
    } else {
        out += '\x7f';
        for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift & 0xFFU);
    }
    return out.append(payload);
}

// What a stream makes of `bytes` when they come in pieces of `step`: one line per message.
std::vector<std::string> read_all(std::string_view bytes, std::size_t step) {
    ServerStream stream;
    std::vector<std::string> out;
    while (!bytes.empty()) {
        // A copy of its own, so that the sanitizer sees a payload that is used for too long.
        const std::string piece(bytes.substr(0, step));
        bytes.remove_prefix(piece.size());
        std::string_view input = piece;
        while (true) {
            std::string_view payload;
            const auto status = stream.next(input, payload);
            if (status == Status::need_more) break;
            if (status == Status::broken) {
                out.push_back("broken: " + stream.problem());
                return out;
            }
            const std::string_view names[] = {"", "upgraded", "text", "ping", "pong", "close"};
            out.push_back(std::string(names[static_cast<std::size_t>(status)]) + ":" + std::string(payload));
        }
    }
    return out;
}

TEST(ServerStream, reads_head_and_frames_however_they_are_cut) {
    const std::string medium(300, 'm');
    const std::string large(70'000, 'l');
    const auto bytes = std::string(head) + frame('\x81', "0{}") + frame('\x81', medium) + frame('\x89', "") +
                       frame('\x81', large) + frame('\x8a', "p") + frame('\x88', "\x03\xe8");
    const std::vector<std::string> expected{
        "upgraded:", "text:0{}", "text:" + medium, "ping:", "text:" + large, "pong:p", "close:\x03\xe8"};
    for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 60UL, 64UL, 299UL, 4096UL, 1'000'000UL})
        EXPECT_EQ(read_all(bytes, step), expected) << step;
}

TEST(ServerStream, tells_a_refusal) {
    for (const std::size_t step : {1UL, 1000UL})
        EXPECT_EQ(read_all("HTTP/1.1 503 Server busy\r\n\r\n", step).back(),
                  "broken: refused: HTTP/1.1 503 Server busy");
}

TEST(ServerStream, bounds_the_head) {
    const auto endless = "HTTP/1.1 101 " + std::string(answer_head_bytes_max, 'x');
    for (const std::size_t step : {1UL, 5000UL, 100'000UL})
        EXPECT_EQ(read_all(endless, step).back(), "broken: the head of the answer is too long");
}

TEST(ServerStream, refuses_frames_that_no_server_here_sends) {
    const auto after_head = [](const std::string& bytes) { return read_all(std::string(head) + bytes, 1).back(); };
    const std::string_view unacceptable = "broken: a fragment, a masked frame or one with an extension";
    EXPECT_EQ(after_head(frame('\x01', "part")), unacceptable);
    EXPECT_EQ(after_head(frame('\xc1', "deflated")), unacceptable);
    EXPECT_EQ(after_head(std::string("\x81\x80", 2) + "mask"), unacceptable);
    EXPECT_EQ(after_head(frame('\x82', "b")), "broken: a frame of the unexpected kind 2");
    EXPECT_EQ(after_head(std::string("\x81\x7f\x00\x00\x00\x00\x00\x0f\x42\x41", 10)),
              "broken: a frame of 1000001 bytes");
}

}  // namespace
}  // namespace onhand::bench::socketio
