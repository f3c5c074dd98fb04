#include "transport/http/list_query.hpp"

#include <gtest/gtest.h>

#include "transport/http/conditional.hpp"

namespace onhand::http {

TEST(Cursor, comes_back_in_its_own_list_only) {
    for (const std::int64_t position : {std::int64_t{0}, std::int64_t{1}, std::int64_t{123456789}, INT64_MAX}) {
        const auto cursor = encode_cursor(position, "/orders?status=placed&");
        EXPECT_EQ(cursor.size(), 22U);
        EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                  std::string::npos);
        EXPECT_EQ(decode_cursor(cursor, "/orders?status=placed&"), position);
        EXPECT_EQ(decode_cursor(cursor, "/orders?"), std::nullopt);
        EXPECT_EQ(decode_cursor(cursor, "/stock?status=placed&"), std::nullopt);
    }
}

TEST(Cursor, is_refused_when_it_is_forged) {
    const auto cursor = encode_cursor(50, "/stock?");
    for (std::size_t i = 0; i < cursor.size(); ++i) {
        auto forged = cursor;
        forged[i] = forged[i] == 'A' ? 'Q' : 'A';
        EXPECT_EQ(decode_cursor(forged, "/stock?"), std::nullopt) << i;
    }
    for (const std::string forged : {"", "A", "AAAAAAAAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!!!!!!!!"})
        EXPECT_EQ(decode_cursor(forged, "/stock?"), std::nullopt) << forged;
    EXPECT_EQ(decode_cursor(cursor + "A", "/stock?"), std::nullopt);
    EXPECT_EQ(decode_cursor(cursor + "=", "/stock?"), std::nullopt);
    EXPECT_EQ(decode_cursor(std::string(100'000, 'A'), "/stock?"), std::nullopt);
    EXPECT_EQ(decode_cursor(encode_cursor(-1, "/stock?"), "/stock?"), std::nullopt);
}

TEST(PercentEncoding, leaves_only_unreserved_characters) {
    std::string out;
    append_percent_encoded(out, "aZ0-._~ /?&=#%+\xC3\xA9");
    EXPECT_EQ(out, "aZ0-._~%20%2F%3F%26%3D%23%25%2B%C3%A9");
}

TEST(ListsEtag, compares_weakly_with_each_tag_of_the_list) {
    EXPECT_TRUE(lists_etag("\"1\"", "\"1\""));
    EXPECT_TRUE(lists_etag("\"0\" , W/\"1\"", "\"1\""));
    EXPECT_TRUE(lists_etag("*", "\"1\""));
    EXPECT_TRUE(lists_etag("\"a,b\", \"1\"", "\"1\""));
    for (const std::string tags : {"", "1", "\"11\"", "\"1", "W/1", "w/\"1\"", "\"2\", \"3\"", ",,,", "\"1 \""})
        EXPECT_FALSE(lists_etag(tags, "\"1\"")) << tags;
    EXPECT_FALSE(lists_etag(std::string(1'000'000, ','), "\"1\""));
}

}  // namespace onhand::http
