#include "base/text.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace onhand {
namespace {

TEST(Utf8, accepts_well_formed_text_and_refuses_the_rest) {
    EXPECT_TRUE(is_utf8("plain"));
    EXPECT_TRUE(is_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
    for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xFF"})
        EXPECT_FALSE(is_utf8(bad));
}

TEST(Utf8, and_printable_look_at_every_byte) {
    const std::string plain(40, 'a');
    for (std::size_t at = 0; at < plain.size(); ++at) {
        std::string text = plain;
        text[at] = '\xE9';
        EXPECT_FALSE(is_utf8(text)) << at;
        EXPECT_TRUE(is_printable(text)) << at;
        text[at] = '\x1F';
        EXPECT_FALSE(is_printable(text)) << at;
        text.replace(at, 1, "\xC3\xA9");
        EXPECT_TRUE(is_utf8(text)) << at;
        EXPECT_TRUE(is_printable(text)) << at;
    }
}

TEST(Printable, refuses_control_characters) {
    EXPECT_TRUE(is_printable("a b"));
    EXPECT_FALSE(is_printable(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_printable("a\nb"));
    EXPECT_FALSE(is_printable("a\x7F"));
}

TEST(JsonString, escapes_quotes_backslashes_and_controls) {
    std::string out;
    append_json_string(out, "a\"b\\c\n\x01");
    EXPECT_EQ(out, R"("a\"b\\c\n\u0001")");
}

TEST(ParseInt, takes_whole_integers_only) {
    EXPECT_EQ(parse_int("-12"), -12);
    for (const char* bad : {"", "-", "+1", "1 ", " 1", "1.0", "0x1", "9223372036854775808"})
        EXPECT_FALSE(parse_int(bad)) << bad;
}

TEST(Rfc3339, survives_a_round_trip) {
    EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_rfc3339(1'795'367'628'123), "2026-11-22T17:13:48.123Z");
    EXPECT_EQ(parse_rfc3339("2026-11-22T17:13:48.123Z"), 1'795'367'628'123);
}

TEST(Rfc3339, refuses_what_is_no_time) {
    for (const char* bad : {"", "0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-22", "2026-11-22T24:00:00Z",
                            "2026-11-22T17:13:60Z", "2026-11-22T17:13:48+01:00", "2026-11-22T17:13:48.Z"})
        EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

}  // namespace
}  // namespace onhand
