#include "transport/socketio/cluster/json_value.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace onhand::socketio {
namespace {

std::string rewritten(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return "refused";
    std::string out;
    append_json(out, *value);
    return out;
}

TEST(JsonValue, reads_and_writes_every_kind_of_value) {
    const std::string text =
        R"({"a":[null,true,false,0,-1,9223372036854775807,18446744073709551615,1.5,"x\n\"é"],"b":{}})";
    EXPECT_EQ(rewritten(text), text);
    EXPECT_EQ(rewritten(" [ 1 , 2 ] \n"), "[1,2]");
    EXPECT_EQ(rewritten("\"\""), "\"\"");
    EXPECT_EQ(rewritten("1e3"), "1000");
    EXPECT_EQ(rewritten("-0.0"), "0");
    EXPECT_EQ(rewritten("123456789012345678901234567890"), "1.2345678901234568e+29");
    EXPECT_EQ(rewritten("1e400"), "null");
}

TEST(JsonValue, refuses_what_is_not_json) {
    for (const std::string_view text :
         {"", " ", "[", "[1,]", "{\"a\"}", "nul", "[1] 2", "'a'", "[\"\xff\"]", "01", "//x"}) {
        EXPECT_EQ(rewritten(text), "refused") << text;
    }
}

TEST(JsonValue, keeps_the_last_of_duplicate_keys) {
    EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":3})"), R"({"b":2,"a":3})");
}

TEST(JsonValue, keeps_every_digit_of_a_double) {
    std::mt19937_64 random(20260601);
    for (int round = 0; round < 20'000; ++round) {
        const double number = std::bit_cast<double>(random());
        if (!std::isfinite(number)) continue;
        std::string text;
        append_double(text, number);
        const auto value = parse_json(std::string_view(text));
        ASSERT_TRUE(value) << text;
        const auto as_double = [](const auto& content) -> double {
            if constexpr (std::is_arithmetic_v<std::decay_t<decltype(content)>>) return static_cast<double>(content);
            return 0;
        };
        ASSERT_EQ(std::visit(as_double, value->data), number) << text;
    }
}

TEST(JsonValue, bounds_the_depth) {
    const std::string deep = std::string(wire_depth_max, '[') + std::string(wire_depth_max, ']');
    EXPECT_EQ(rewritten(deep), deep);
    EXPECT_EQ(rewritten("[" + deep + "]"), "refused");
    EXPECT_EQ(rewritten(std::string(1'000'000, '[')), "refused");
}

TEST(JsonValue, bounds_the_number_of_values) {
    std::string many = "[0";
    for (std::size_t i = 1; i < wire_values_max - 1; ++i) many += ",0";
    EXPECT_TRUE(parse_json(many + "]"));
    EXPECT_FALSE(parse_json(many + ",0]"));
}

TEST(JsonValue, reads_half_a_surrogate_pair_as_the_replacement_character) {
    EXPECT_EQ(rewritten(R"(["\ud800"])"), "[\"\xEF\xBF\xBD\"]");
    EXPECT_EQ(rewritten(R"(["\udc00\ud83d\ude00\ud800x"])"), "[\"\xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBDx\"]");
    EXPECT_EQ(rewritten(R"(["\\ud800","\ud8"])"), "refused");
    EXPECT_EQ(rewritten(R"(["\\ud800","\ud800"])"), "[\"\\\\ud800\",\"\xEF\xBF\xBD\"]");
}

TEST(JsonValue, puts_attachments_in_their_places_and_takes_them_out_again) {
    const JsonData data{R"(["e",{"_placeholder":true,"num":1},{"x":[{"num":0,"_placeholder":true}]}])",
                        {"zero", "one"}};
    const auto value = parse_json(data);
    ASSERT_TRUE(value);
    EXPECT_EQ((*value->array())[1].data, WireValue{WireBytes{"one"}}.data);
    const auto back = to_json_data(*value);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->json, R"(["e",{"_placeholder":true,"num":0},{"x":[{"_placeholder":true,"num":1}]}])");
    EXPECT_EQ(back->attachments, (Attachments{"one", "zero"}));
}

TEST(JsonValue, leaves_what_only_looks_like_a_placeholder) {
    const std::string text = R"(["e",{"_placeholder":true,"num":0}])";
    const auto plain = parse_json(JsonData{text, {}});
    ASSERT_TRUE(plain);
    EXPECT_EQ(to_json_data(*plain)->json, text);
    for (const std::string_view other : {R"({"_placeholder":true,"num":1})", R"({"_placeholder":true,"num":-1})",
                                         R"({"_placeholder":1,"num":0})", R"({"_placeholder":true,"num":"0"})"}) {
        const auto value = parse_json(JsonData{std::string(other), {"bytes"}});
        ASSERT_TRUE(value);
        EXPECT_FALSE(has_bytes(*value)) << other;
    }
}

TEST(JsonValue, refuses_an_attachment_that_stands_in_too_many_places) {
    JsonData data{"[\"e\"", {std::string(1'000'000, 'x')}};
    for (int i = 0; i < 20; ++i) data.json += R"(,{"_placeholder":true,"num":0})";
    data.json += "]";
    EXPECT_FALSE(parse_json(data));
}

TEST(JsonValue, refuses_more_attachments_than_clients_take) {
    WireArray array(attachments_max, WireValue{WireBytes{"x"}});
    EXPECT_TRUE(to_json_data(WireValue{array}));
    array.push_back(WireValue{WireBytes{"x"}});
    EXPECT_FALSE(to_json_data(WireValue{array}));
}

TEST(JsonValue, writes_bytes_like_a_buffer_where_no_attachments_can_go) {
    std::string out;
    append_json(out, WireValue{WireBytes{std::string("\x00\xff\x07", 3)}});
    EXPECT_EQ(out, R"({"type":"Buffer","data":[0,255,7]})");
}

}  // namespace
}  // namespace onhand::socketio
