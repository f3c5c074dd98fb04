#include "transport/socketio/ws_handshake.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

RequestView good_request() {
    RequestView request;
    request.method = "GET";
    request.target = "/socket.io/?EIO=4&transport=websocket";
    request.upgrade = "websocket";
    request.connection = "keep-alive, Upgrade";
    request.sec_websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
    request.sec_websocket_version = "13";
    return request;
}

TEST(WsHandshake, answers_with_the_key_of_the_standard) {
    EXPECT_EQ(websocket_accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(switching_protocols_answer(good_request()),
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WsHandshake, accepts_what_the_standard_allows) {
    auto request = good_request();
    EXPECT_TRUE(is_valid_upgrade(request));
    request.upgrade = "h2c, WebSocket";
    request.connection = "UPGRADE";
    request.sec_websocket_key = " dGhlIHNhbXBsZSBub25jZQ== ";
    EXPECT_TRUE(is_valid_upgrade(request));
}

TEST(WsHandshake, refuses_requests_that_ask_for_no_websocket) {
    const auto broken = [](auto change) {
        auto request = good_request();
        change(request);
        return !is_valid_upgrade(request);
    };
    EXPECT_TRUE(broken([](RequestView& request) { request.method = "POST"; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.upgrade = "h2c"; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.connection = "keep-alive"; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.sec_websocket_version = "8"; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.sec_websocket_version = ""; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.sec_websocket_key = ""; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.sec_websocket_key = "c2hvcnQ="; }));
    EXPECT_TRUE(broken([](RequestView& request) { request.sec_websocket_key = "not base64 at all!!!!!!!"; }));
}

TEST(WsHandshake, picks_the_first_subprotocol_when_it_is_a_token) {
    auto request = good_request();
    request.sec_websocket_protocol = "chat, superchat";
    EXPECT_NE(switching_protocols_answer(request).find("Sec-WebSocket-Protocol: chat\r\n"), std::string::npos);
    request.sec_websocket_protocol = "bad\r\nInjected: yes";
    EXPECT_EQ(switching_protocols_answer(request).find("Injected"), std::string::npos);
}

TEST(WsHandshake, refuses_with_a_whole_http_answer) {
    const auto answer = http_error_answer(400, "Session ID unknown");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_TRUE(answer.ends_with("Content-Length: 18\r\n\r\nSession ID unknown"));
}

}  // namespace
}  // namespace onhand::socketio
