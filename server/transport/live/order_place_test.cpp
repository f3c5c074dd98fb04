#include "transport/live/order_place.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace onhand::live {
namespace {

http::Call read(const std::string& argument) {
    return read_order_place("[\"order.place\"," + argument + "]");
}

TEST(OrderPlace, makes_the_request_that_http_would_have) {
    const auto call = read(
        R"({ "idempotency_key": "k-1", "lines": [{"sku":"A", "quantity":1}], "note": "a\/b \u00eb\n", "more":null })");
    EXPECT_FALSE(call.refused);
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.path, "/api/v1/orders");
    EXPECT_EQ(call.idempotency_key, "k-1");
    EXPECT_EQ(call.body, "{\"lines\":[{\"sku\":\"A\",\"quantity\":1}],\"note\":\"a/b \xC3\xAB\\n\",\"more\":null}");
    EXPECT_EQ(call.caller, nullptr);
}

TEST(OrderPlace, takes_the_key_wherever_it_stands) {
    for (const char* text : {R"({"idempotency_key":"k","lines":[]})", R"({"lines":[],"idempotency_key":"k"})"}) {
        const auto call = read(text);
        EXPECT_EQ(call.idempotency_key, "k") << text;
        EXPECT_EQ(call.body, R"({"lines":[]})") << text;
    }
    // One inside a line is no key, but a field that no line has; the route says so.
    const auto inside = read(R"({"lines":[{"idempotency_key":"k"}]})");
    EXPECT_EQ(inside.idempotency_key, std::nullopt);
    EXPECT_EQ(inside.body, R"({"lines":[{"idempotency_key":"k"}]})");
}

TEST(OrderPlace, takes_the_key_as_a_header_field_would) {
    EXPECT_EQ(read(R"({"idempotency_key":" \tk 1\t "})").idempotency_key, "k 1");
    EXPECT_EQ(read(R"({"idempotency_key":"  "})").idempotency_key, "");
    EXPECT_EQ(read(R"({"idempotency_key":7})").idempotency_key, "");
    EXPECT_EQ(read(R"({"idempotency_key":["k"]})").idempotency_key, "");
    EXPECT_EQ(read(R"({"idempotency_key":null})").idempotency_key, std::nullopt);
    EXPECT_EQ(read("{}").idempotency_key, std::nullopt);
    EXPECT_EQ(read("{}").body, "{}");
}

TEST(OrderPlace, refuses_what_is_no_single_object) {
    for (const char* event : {R"(["order.place"])", R"(["order.place",null])", R"(["order.place","x"])",
                              R"(["order.place",[]])", R"(["order.place",{},{}])", R"(["order.place",{},null])"}) {
        const auto call = read_order_place(event);
        ASSERT_TRUE(call.refused) << event;
        EXPECT_EQ(call.refused->status, 400);
        EXPECT_EQ(call.refused->code, "invalid_request");
        EXPECT_EQ(call.refused->errors.size(), 1U);
    }
}

TEST(OrderPlace, refuses_the_json_that_http_refuses) {
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    for (const std::string& argument : {std::string(R"({"note":"a","note":"b"})"), std::string(R"({"note":"\u0000"})"),
                                        std::string(R"({"idempotency_key":"a","idempotency_key":"b"})"),
                                        std::string(R"({"lines":1e999})"), R"({"lines":)" + deep + "}"}) {
        const auto call = read(argument);
        ASSERT_TRUE(call.refused) << argument;
        EXPECT_EQ(call.refused->code, "malformed_json") << argument;
    }
}

TEST(OrderPlace, acknowledges_an_order_or_a_problem) {
    EXPECT_EQ(order_ack({201, R"({"id":"x"})", 0}), R"({"status":201,"order":{"id":"x"}})");
    EXPECT_EQ(order_ack({409, R"({"code":"y"})", 0}), R"({"status":409,"problem":{"code":"y"}})");
    EXPECT_EQ(order_ack({503, R"({"code":"z"})", 2}), R"({"status":503,"problem":{"code":"z"},"retry_after":2})");
}

}  // namespace
}  // namespace onhand::live
