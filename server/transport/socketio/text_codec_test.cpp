#include "transport/socketio/text_codec.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace onhand::socketio {
namespace {

TEST(Base64, encodes_and_decodes_every_remainder) {
    const std::pair<std::string, std::string> cases[] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {std::string("\0\xff\x10", 3), "AP8Q"},
    };
    for (const auto& [bytes, text] : cases) {
        EXPECT_EQ(base64_encode(bytes), text);
        EXPECT_EQ(base64_decode(text), bytes);
    }
}

TEST(Base64, refuses_what_is_not_base64) {
    for (const char* text : {"A", "AB", "ABC", "A===", "%%%%", "AB=C", "====", "Zg==Zg==", "Zm9v\n", "Zm9_"}) {
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
}

TEST(Identifier, hides_its_owner_and_does_not_repeat) {
    for (const unsigned owners : {1U, 2U, 3U, 7U, 64U}) {
        for (unsigned owner = 0; owner < owners; ++owner) {
            const auto id = random_identifier(owner, owners);
            EXPECT_EQ(id.size(), 20U);
            EXPECT_EQ(identifier_owner(id, owners), owner);
        }
    }
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_identifier(0, 1)).second);
}

TEST(Identifier, has_no_owner_when_its_form_is_wrong) {
    for (const std::string& id : {std::string(), std::string("constructor"), std::string(21, 'a'), std::string(19, 'a'),
                                  std::string(19, 'a') + "/", std::string(10240, 'x')}) {
        EXPECT_EQ(identifier_owner(id, 2), std::nullopt);
    }
}

TEST(Query, finds_decoded_parameters) {
    const std::string target = "/socket.io/?EIO=4&transport=polling&a%20b=c+d%2F&empty=&flag&sid=x%zz%4";
    EXPECT_EQ(query_parameter(target, "EIO"), "4");
    EXPECT_EQ(query_parameter(target, "transport"), "polling");
    EXPECT_EQ(query_parameter(target, "a b"), "c d/");
    EXPECT_EQ(query_parameter(target, "empty"), "");
    EXPECT_EQ(query_parameter(target, "flag"), "");
    EXPECT_EQ(query_parameter(target, "sid"), "x%zz%4");
    EXPECT_EQ(query_parameter(target, "missing"), std::nullopt);
    EXPECT_EQ(query_parameter("/socket.io/", "sid"), std::nullopt);
    EXPECT_EQ(query_parameter("/socket.io/?", "sid"), std::nullopt);
    EXPECT_EQ(query_parameter("/socket.io/?&&&=&", "sid"), std::nullopt);
}

TEST(Utf8, accepts_and_refuses_the_borders) {
    for (const char* text : {"", "plain text of more than eight bytes", "\u00e9", "\u0800", "\ud7ff", "\ue000",
                             "\U00010000", "\U0010ffff", "mixed \u00e9\u20ac\U0001f389 text"}) {
        EXPECT_TRUE(is_valid_utf8(text)) << text;
    }
    for (const char* text :
         {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", "long enough text \xc3", "\xe2\x82", "\xc3("}) {
        EXPECT_FALSE(is_valid_utf8(text)) << text;
    }
}

TEST(Utf8, gives_the_same_verdict_however_the_text_is_cut) {
    const std::string valid = "aé€🎉 and more than eight bytes of text";
    for (std::size_t cut = 0; cut <= valid.size(); ++cut) {
        Utf8Validator validator;
        EXPECT_TRUE(validator.feed(valid.substr(0, cut)));
        EXPECT_TRUE(validator.feed(valid.substr(cut)));
        EXPECT_TRUE(validator.complete());
    }
    const std::string invalid = "\xe2\x82\x41";
    for (std::size_t cut = 0; cut <= invalid.size(); ++cut) {
        Utf8Validator validator;
        const bool first = validator.feed(invalid.substr(0, cut));
        EXPECT_FALSE(first && validator.feed(invalid.substr(cut)));
    }
}

}  // namespace
}  // namespace onhand::socketio
