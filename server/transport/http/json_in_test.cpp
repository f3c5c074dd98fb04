#include "transport/http/json_in.hpp"

#include <gtest/gtest.h>

namespace onhand::http {

namespace {

// "" when the body is accepted, else what is said about it.
std::string fault_of(std::string_view body) {
    JsonDocument document;
    return document.parse(body).value_or("");
}

bool accepted(std::string_view body) {
    return fault_of(body).empty();
}

std::string again(std::string_view body) {
    JsonDocument document;
    EXPECT_EQ(document.parse(body), std::nullopt);
    std::string out;
    append_json(out, document.root());
    return out;
}

JsonKind kind_of_first(std::string_view number) {
    JsonDocument document;
    const std::string body = "[" + std::string(number) + "]";
    EXPECT_EQ(document.parse(body), std::nullopt) << number;
    return document.root().first()->kind;
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

// Parses an object and hands its fields to `check`; returns the pointers of the wrong ones.
template <class Check>
std::vector<std::string> wrong_fields(std::string_view body, Check check) {
    JsonDocument document;
    EXPECT_EQ(document.parse(body), std::nullopt) << body;
    Errors errors;
    Fields fields(document.root(), errors);
    check(fields);
    fields.finish();
    std::vector<std::string> pointers;
    for (const auto& error : errors) pointers.push_back(error.pointer);
    return pointers;
}

using Pointers = std::vector<std::string>;

}  // namespace

TEST(JsonDocument, accepts_json_and_refuses_what_only_looks_like_it) {
    for (const auto* const body : {"null", "[]", "{}", "\"x\"", "1", " {\"a\" : [1, true, null]} \r\n\t"})
        EXPECT_TRUE(accepted(body)) << body;
    for (
        const auto* const body :
        {"",   "   ", "{} {}", "{}x", "[1,]", "{\"a\":1,}", "{a:1}",     "{'a':1}", "/**/{}", "{}//x", "\xEF\xBB\xBF{}",
         "{",  "[1",  "\"x",   "tru", "NaN",  "Infinity",   "-Infinity", "01",      "+1",     "0x10",  ".5",
         "1.", "1e",  "-",     "--1", "1_000"})
        EXPECT_FALSE(accepted(body)) << body;
}

TEST(JsonDocument, refuses_a_name_that_occurs_twice_in_one_object) {
    EXPECT_EQ(fault_of("{\"qty\":1,\"qty\":99}"), "a name occurs twice in one object at byte 18");
    EXPECT_FALSE(accepted("{\"a\":{\"b\":1,\"c\":2,\"b\":3}}"));
    EXPECT_FALSE(accepted("{\"a\":1,\"\\u0061\":2}"));
    EXPECT_TRUE(accepted("{\"a\":1,\"A\":2}"));
    EXPECT_TRUE(accepted("{\"a\":{\"x\":1},\"b\":{\"x\":1}}"));
    EXPECT_TRUE(accepted("[{\"x\":1},{\"x\":1}]"));
}

TEST(JsonDocument, refuses_a_name_that_occurs_twice_among_many) {
    std::string body = "{\"first\":0";
    for (int i = 0; i < 100'000; ++i) body += ",\"k" + std::to_string(i) + "\":" + std::to_string(i);
    EXPECT_TRUE(accepted(body + "}"));
    EXPECT_FALSE(accepted(body + ",\"k77\":1}"));
    EXPECT_FALSE(accepted(body + ",\"first\":1}"));
}

TEST(JsonDocument, bounds_the_depth) {
    EXPECT_TRUE(accepted(nested(32)));
    EXPECT_FALSE(accepted(nested(33)));
    EXPECT_FALSE(accepted(std::string(100'000, '[')));
}

TEST(JsonDocument, refuses_text_that_is_not_unicode) {
    EXPECT_FALSE(accepted("\"\\ud800\""));
    EXPECT_FALSE(accepted("\"\\udc00\\ud800\""));
    EXPECT_FALSE(accepted("\"\xFF\""));
    EXPECT_FALSE(accepted("\"\xC0\xAF\""));
    EXPECT_FALSE(accepted("\"\xED\xA0\x80\""));
    EXPECT_FALSE(accepted("\"a\nb\""));
    EXPECT_TRUE(accepted("\"\\ud83d\\ude00 \xF0\x9F\x98\x80\""));
}

TEST(JsonDocument, refuses_the_character_nul_wherever_it_hides) {
    EXPECT_EQ(fault_of("{\"a\":\"x\\u0000y\"}").substr(0, 22), "a text contains U+0000");
    EXPECT_FALSE(accepted("{\"x\\u0000\":1}"));
    EXPECT_FALSE(accepted("[[\"\\u0000\"]]"));
    EXPECT_FALSE(accepted(std::string_view("\"\0\"", 3)));
    EXPECT_TRUE(accepted("\"\\\\u0000\""));
}

TEST(JsonDocument, refuses_numbers_beyond_double) {
    EXPECT_FALSE(accepted("1e400"));
    EXPECT_FALSE(accepted("[-1e400]"));
    EXPECT_FALSE(accepted(std::string(400, '9')));
    EXPECT_TRUE(accepted("1e-400"));
    EXPECT_TRUE(accepted("1e300"));
}

TEST(JsonDocument, tells_integers_from_other_numbers_by_how_they_are_written) {
    for (const auto* const number : {"0", "-0", "1", "-5", "9223372036854775807", "-9223372036854775808"})
        EXPECT_EQ(kind_of_first(number), JsonKind::integer) << number;
    for (const auto* const number : {"1.0", "1e2", "1E2", "0.5", "9223372036854775808", "18446744073709551615",
                                     "18446744073709551616", "-9223372036854775809"})
        EXPECT_EQ(kind_of_first(number), JsonKind::number) << number;
}

TEST(JsonDocument, writes_again_what_it_read) {
    EXPECT_EQ(
        again(" { \"a\" : [ 1 , 2.50 , -0 , 1e3 ] , \"b\" : { } , \"c\" : [ ] , \"d\" : [ true , false , null ] } "),
        "{\"a\":[1,2.50,-0,1e3],\"b\":{},\"c\":[],\"d\":[true,false,null]}");
    EXPECT_EQ(again("{\"\\u00e9\\n\":\"\\\"\\\\\\/\\b\xC3\xA9\"}"), "{\"\xC3\xA9\\n\":\"\\\"\\\\/\\u0008\xC3\xA9\"}");
    EXPECT_EQ(again("{\"__proto__\":1,\"constructor\":{\"toString\":2}}"),
              "{\"__proto__\":1,\"constructor\":{\"toString\":2}}");
}

TEST(JsonDocument, puts_long_texts_with_escapes_together) {
    std::string body = "\"";
    std::string plain;
    for (int i = 0; i < 20'000; ++i) {
        body += "abcdefgh\\t";
        plain += "abcdefgh\t";
    }
    body += "\"";
    JsonDocument document;
    ASSERT_EQ(document.parse(body), std::nullopt);
    EXPECT_EQ(document.root().text, plain);
}

TEST(JsonDocument, holds_a_million_elements) {
    std::string body = "[0";
    for (int i = 1; i < 1'000'000; ++i) body += ",0";
    body += "]";
    JsonDocument document;
    ASSERT_EQ(document.parse(body), std::nullopt);
    EXPECT_EQ(document.root().count, 1'000'000U);
    EXPECT_EQ(document.root().size, 1'000'001U);
}

TEST(Fields, takes_members_of_the_right_kind_and_size) {
    const auto wrong =
        wrong_fields("{\"t\":\"text\",\"n\":7,\"b\":true,\"o\":{},\"e\":\"\",\"c\":\"SKU 1\"}", [](Fields& fields) {
            EXPECT_EQ(fields.text("t", 4, Need::required), "text");
            EXPECT_EQ(fields.integer("n", 7, 7, Need::required), 7);
            EXPECT_EQ(fields.boolean("b"), true);
            EXPECT_NE(fields.object("o"), nullptr);
            EXPECT_EQ(fields.text("e", 4), "");
            EXPECT_EQ(fields.code("c", 64), "SKU 1");
            EXPECT_EQ(fields.text("missing", 4), std::nullopt);
        });
    EXPECT_EQ(wrong, Pointers{});
}

TEST(Fields, lists_every_wrong_field) {
    const auto wrong = wrong_fields(
        "{\"long\":\"12345\",\"number\":1,\"control\":\"a\\nb\",\"text\":\"7\",\"big\":8,\"float\":7.0,\"exponent\":"
        "7e0,"
        "\"bool\":1,\"empty\":\"\",\"space\":\" x\",\"bidi\":\"a\xE2\x80\xAE"
        "b\",\"array\":{},\"unknown\":1}",
        [](Fields& fields) {
            fields.text("long", 4);
            fields.text("number", 4);
            fields.text("control", 4);
            fields.integer("text", 0, 7);
            fields.integer("big", 0, 7);
            fields.integer("float", 0, 7);
            fields.integer("exponent", 0, 7);
            fields.boolean("bool");
            fields.text("empty", 4, Need::required);
            fields.code("space", 64);
            fields.code("bidi", 64);
            fields.objects("array", 0, 5);
            fields.text("missing", 4, Need::required);
        });
    EXPECT_EQ(wrong, (Pointers{"/long", "/number", "/control", "/text", "/big", "/float", "/exponent", "/bool",
                               "/empty", "/space", "/bidi", "/array", "/missing", "/unknown"}));
}

TEST(Fields, takes_null_for_missing) {
    const auto wrong = wrong_fields("{\"a\":null,\"b\":null}", [](Fields& fields) {
        EXPECT_EQ(fields.text("a", 4), std::nullopt);
        EXPECT_TRUE(fields.is_null("a"));
        EXPECT_FALSE(fields.is_null("c"));
        fields.text("b", 4, Need::required);
    });
    EXPECT_EQ(wrong, Pointers{"/b"});
}

TEST(Fields, points_into_arrays_and_escapes_names) {
    JsonDocument document;
    ASSERT_EQ(document.parse("{\"lines\":[{\"a/b~c\":1},2,{}]}"), std::nullopt);
    Errors errors;
    Fields fields(document.root(), errors);
    EXPECT_EQ(fields.objects("lines", 1, 3), nullptr);
    JsonNode* const first = document.root().first()->first();
    Fields(*first, errors, "/lines", 0).finish();
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].pointer, "/lines/1");
    EXPECT_EQ(errors[1].pointer, "/lines/0/a~1b~0c");
}

TEST(Fields, bounds_the_length_of_arrays) {
    const auto body = "{\"a\":[{},{},{}]}";
    EXPECT_EQ(wrong_fields(body, [](Fields& fields) { EXPECT_NE(fields.objects("a", 3, 3), nullptr); }), Pointers{});
    EXPECT_EQ(wrong_fields(body, [](Fields& fields) { fields.objects("a", 0, 2); }), Pointers{"/a"});
    EXPECT_EQ(wrong_fields(body, [](Fields& fields) { fields.objects("a", 4, 9); }), Pointers{"/a"});
    EXPECT_EQ(wrong_fields("{\"a\":[]}", [](Fields& fields) { fields.objects("a", 1, 2); }), Pointers{"/a"});
}

TEST(Fields, bounds_the_list_of_wrong_fields_and_the_names_shown) {
    std::string body = "{\"" + std::string(127, 'x') + "\xC3\xA9tail\":1";
    for (int i = 0; i < 1000; ++i) body += ",\"u" + std::to_string(i) + "\":1";
    const auto wrong = wrong_fields(body + "}", [](Fields&) {});
    ASSERT_EQ(wrong.size(), field_errors_max);
    EXPECT_EQ(wrong[0], "/" + std::string(127, 'x'));
}

}  // namespace onhand::http
