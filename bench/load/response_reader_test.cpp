#include "load/response_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace onhand::bench {
namespace {

using Progress = ResponseReader::Progress;

struct Seen {
    std::int32_t status = 0;
    std::string body;
    bool keep_alive = true;
    bool operator==(const Seen&) const = default;
};

// Feeds `bytes` in pieces of `piece` and takes every answer. Sets `broken` when the reader says so.
std::vector<Seen> read_all(ResponseReader& reader, std::string_view bytes, std::size_t piece, bool& broken) {
    std::vector<Seen> seen;
    broken = false;
    while (!bytes.empty()) {
        const auto room = reader.room();
        const auto count = std::min({piece, bytes.size(), room.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        reader.received(count);
        bytes.remove_prefix(count);
        Response response;
        auto progress = reader.next(response);
        for (; progress == Progress::complete; progress = reader.next(response))
            seen.push_back({response.status, std::string(response.body), response.keep_alive});
        if (progress == Progress::broken) {
            broken = true;
            return seen;
        }
    }
    return seen;
}

std::string answer(int status, std::string_view fields, std::string_view body) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\nDate: Sun, 22 Nov 2026\r\n";
    text += fields;
    text += "\r\n";
    text += body;
    return text;
}

bool is_broken(std::string_view bytes) {
    ResponseReader reader;
    bool broken = false;
    read_all(reader, bytes, bytes.size(), broken);
    return broken;
}

TEST(ResponseReader, reads_pipelined_answers_in_pieces_of_any_size) {
    const std::string large(100'000, 'x');
    const auto bytes = answer(201, "Content-Length: 5\r\n", "first") + answer(204, "", "") +
                       answer(409, "content-length:  7 \r\nConnection: keep-alive\r\n", "problem") +
                       answer(200, "Content-Length: 100000\r\n", large) + answer(304, "Content-Length: 12\r\n", "") +
                       answer(200, "Content-Length: 0\r\n", "");
    const std::vector<Seen> expected{{201, "first"}, {204, ""}, {409, "problem"}, {200, large}, {304, ""}, {200, ""}};
    for (const std::size_t piece : {1UL, 2UL, 7UL, 1000UL, 4096UL, bytes.size()}) {
        ResponseReader reader;
        bool broken = false;
        EXPECT_EQ(read_all(reader, bytes, piece, broken), expected) << piece;
        EXPECT_FALSE(broken);
        EXPECT_TRUE(reader.is_empty());
    }
}

TEST(ResponseReader, tells_when_the_server_closes) {
    ResponseReader reader;
    bool broken = false;
    const auto bytes = answer(503, "Connection: Close\r\nContent-Length: 4\r\n", "busy");
    const std::vector<Seen> expected{{503, "busy", false}};
    EXPECT_EQ(read_all(reader, bytes, 3, broken), expected);
}

TEST(ResponseReader, keeps_half_an_answer) {
    ResponseReader reader;
    bool broken = false;
    EXPECT_TRUE(read_all(reader, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 100, broken).empty());
    EXPECT_FALSE(broken);
    EXPECT_FALSE(reader.is_empty());
}

TEST(ResponseReader, refuses_what_it_cannot_follow) {
    EXPECT_FALSE(is_broken(answer(200, "Content-Length: 0\r\n", "")));
    EXPECT_TRUE(is_broken(answer(200, "", "until the end")));
    EXPECT_TRUE(is_broken(answer(200, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n")));
    EXPECT_TRUE(is_broken(answer(200, "Content-Length: 1x\r\n", "a")));
    EXPECT_TRUE(is_broken(answer(200, "Content-Length: -1\r\n", "a")));
    EXPECT_TRUE(is_broken(answer(200, "Content-Length: 99999999999\r\n", "a")));
    EXPECT_TRUE(is_broken(answer(200, "no colon\r\nContent-Length: 0\r\n", "")));
    EXPECT_TRUE(is_broken(answer(100, "Content-Length: 0\r\n", "")));
    EXPECT_TRUE(is_broken("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_TRUE(is_broken("HTTP/1.1 2\r\n\r\n"));
    EXPECT_TRUE(is_broken("ICY 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

TEST(ResponseReader, refuses_a_head_without_end) {
    EXPECT_TRUE(is_broken(answer(200, "X: " + std::string(ResponseReader::head_bytes_max, 'x'), "")));
}

}  // namespace
}  // namespace onhand::bench
