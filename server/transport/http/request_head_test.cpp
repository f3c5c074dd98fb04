#include "transport/http/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

#include "transport/http/options.hpp"

namespace onhand::http {
namespace {

// The status a head is refused with, or 200 when it is accepted, or 0 when more bytes are awaited.
int judge(const std::string& text, RequestHead& head) {
    std::size_t length = 0;
    HeadRefusal refusal;
    switch (find_head(text, length, refusal)) {
        case HeadProgress::more:
            return 0;
        case HeadProgress::refused:
            return refusal.status;
        case HeadProgress::complete:
            break;
    }
    const auto refused = parse_head(std::string_view(text).substr(0, length), head);
    return refused ? refused->status : 200;
}

int judge(const std::string& text) {
    RequestHead head;
    return judge(text, head);
}

std::string with(const std::string& fields) {
    return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(RequestHead, accepts_an_ordinary_request) {
    const std::string text = "POST /a?b=1 HTTP/1.1\r\nHost: a:3000\r\nContent-Length: 12\r\nIdempotency-Key: k\r\n\r\n";
    RequestHead head;
    ASSERT_EQ(judge(text, head), 200);
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/a?b=1");
    EXPECT_EQ(head.host, "a:3000");
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_EQ(head.idempotency_key, "k");
    EXPECT_TRUE(head.keep_alive);
}

TEST(RequestHead, refuses_every_transfer_encoding) {
    for (const std::string value : {"chunked", "chunked, identity", "identity", "gzip", "xchunked", ""})
        EXPECT_EQ(judge(with("Transfer-Encoding: " + value + "\r\n")), 411) << value;
    EXPECT_EQ(judge("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
    EXPECT_GE(judge(with("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n")), 400);
    EXPECT_GE(judge(with("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n")), 400);
}

TEST(RequestHead, refuses_odd_content_lengths) {
    for (const std::string value : {"2,2", "2, 2", "+2", "-1", "0x2", "18446744073709551616", "1 1", "", "two"})
        EXPECT_EQ(judge(with("Content-Length: " + value + "\r\n")), 400) << value;
    EXPECT_EQ(judge(with("Content-Length: 2\r\nContent-Length: 2\r\n")), 400);
    EXPECT_EQ(judge(with("Content-Length: 2\r\nContent-Length: 3\r\n")), 400);
}

TEST(RequestHead, wants_exactly_one_sane_host) {
    EXPECT_EQ(judge("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(judge("GET / HTTP/1.0\r\n\r\n"), 200);
    EXPECT_EQ(judge(with("Host: a\r\n")), 400);
    for (const std::string& value : {std::string(), std::string("user@a"), std::string("a b"), std::string("a/b"),
                                     std::string("a,b"), std::string(1024, 'a')})
        EXPECT_EQ(judge("GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"), 400) << value;
    for (const std::string value : {"localhost", "LOCALHOST:3000", "127.0.0.1", "[::1]:3000", "a-b.example.com"})
        EXPECT_EQ(judge("GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"), 200) << value;
}

TEST(RequestHead, takes_absolute_targets_of_the_own_host_only) {
    RequestHead head;
    const std::string own = "GET http://A:3000/x?y=1 HTTP/1.1\r\nHost: a:3000\r\n\r\n";
    ASSERT_EQ(judge(own, head), 200);
    EXPECT_EQ(head.target, "/x?y=1");
    EXPECT_EQ(judge("GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestHead, refuses_folded_fields_and_broken_lines) {
    EXPECT_EQ(judge(with("X-A: 1\r\n 2\r\n")), 400);
    EXPECT_EQ(judge(with("X-A: 1\r\n\t2\r\n")), 400);
    EXPECT_EQ(judge(with("X-A : 1\r\n")), 400);
    EXPECT_EQ(judge(with(std::string("X-A: 1\0\r\n", 9))), 400);
    EXPECT_EQ(judge(with("X-A: 1\r2\r\n")), 400);
    EXPECT_EQ(judge("GET / HTTP/1.1\nHost: a\n\n"), 400);
    EXPECT_EQ(judge("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("GET / HTTP/1.9\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge("GET /\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(judge(std::string("\x16\x03\x01\x02\x00", 5)), 400) << "TLS to a plain port";
}

TEST(RequestHead, refuses_targets_that_are_not_clean_ascii) {
    for (const std::string target : {"/\xc3\xa4", "/a\x01", "/a\x7f", "/a#b", "/a\\b"})
        EXPECT_EQ(judge("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400) << target;
}

TEST(RequestHead, limits_are_exact) {
    const auto head_of = [](std::size_t bytes) {
        const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        return begin + std::string(bytes - begin.size() - 4, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(judge(head_of(head_bytes_max - 1)), 200);
    EXPECT_EQ(judge(head_of(head_bytes_max)), 200);
    EXPECT_EQ(judge(head_of(head_bytes_max + 1)), 431);

    const auto fields_of = [](std::size_t count) {
        std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (std::size_t i = 1; i < count; ++i) text += "X: 1\r\n";
        return text + "\r\n";
    };
    EXPECT_EQ(judge(fields_of(head_fields_max - 1)), 200);
    EXPECT_EQ(judge(fields_of(head_fields_max)), 200);
    EXPECT_EQ(judge(fields_of(head_fields_max + 1)), 431);

    const auto target_of = [](std::size_t bytes) {
        return "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    EXPECT_EQ(judge(target_of(target_bytes_max - 1)), 200);
    EXPECT_EQ(judge(target_of(target_bytes_max)), 200);
    EXPECT_EQ(judge(target_of(target_bytes_max + 1)), 414);
    EXPECT_EQ(judge(target_of(64 * 1024)), 414);
}

TEST(RequestHead, refuses_a_head_without_end_at_the_limit) {
    EXPECT_EQ(judge("GET / HTTP/1.1\r\n" + std::string(head_bytes_max - 17, 'x')), 0);
    EXPECT_EQ(judge("GET / HTTP/1.1\r\n" + std::string(head_bytes_max - 16, 'x')), 431);
}

TEST(RequestHead, knows_expectations_and_duplicates) {
    RequestHead head;
    const auto text = with("Expect: 100-Continue\r\nContent-Length: 1\r\n");
    ASSERT_EQ(judge(text, head), 200);
    EXPECT_TRUE(head.expect_continue);
    EXPECT_EQ(judge(with("Expect: nonsense\r\n")), 417);
    for (const std::string name : {"Authorization", "Cookie", "Origin", "Content-Type", "If-Match", "Sec-Fetch-Site"})
        EXPECT_EQ(judge(with(name + ": a\r\n" + name + ": b\r\n")), 400) << name;
    const auto keys = with("Idempotency-Key: a\r\nIdempotency-Key: a\r\n");
    ASSERT_EQ(judge(keys, head), 200);
    EXPECT_TRUE(head.duplicate_idempotency_key);
}

TEST(RequestHead, upgrades_to_websocket_only) {
    RequestHead head;
    const auto websocket = with("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n");
    ASSERT_EQ(judge(websocket, head), 200);
    EXPECT_TRUE(head.upgrade_websocket);
    const auto h2c = with("Connection: Upgrade\r\nUpgrade: h2c\r\n");
    ASSERT_EQ(judge(h2c, head), 200);
    EXPECT_FALSE(head.upgrade_websocket);
}

}  // namespace
}  // namespace onhand::http
