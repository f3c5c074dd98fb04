#include "transport/http/router.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <set>

#include "transport/http/target.hpp"

namespace onhand::http {
namespace {

void nothing(Exchange&) {}

constexpr Route rows[] = {
    {"GET", "/stock", Access::open, Body::none, KeyNeed::none, 0, "", nothing},
    {"GET", "/stock/{sku}", Access::open, Body::none, KeyNeed::none, 0, "", nothing},
    {"POST", "/stock/adjustments", Access::open, Body::none, KeyNeed::none, 0, "", nothing},
    {"POST", "/orders/{id}/lines/{line}", Access::open, Body::none, KeyNeed::none, 0, "", nothing},
};

using Kind = RouteMatch::Kind;

TEST(Router, finds_plain_paths_and_patterns) {
    const Router router(rows);
    EXPECT_EQ(router.match("GET", "/stock").index, 0U);
    const auto one = router.match("GET", "/stock/A 1");
    ASSERT_EQ(one.kind, Kind::found);
    EXPECT_EQ(one.index, 1U);
    ASSERT_EQ(one.parameter_count, 1U);
    EXPECT_EQ(one.parameters[0].name, "sku");
    EXPECT_EQ(one.parameters[0].value, "A 1");
    const auto two = router.match("POST", "/orders/7/lines/9");
    ASSERT_EQ(two.parameter_count, 2U);
    EXPECT_EQ(two.parameters[1].value, "9");
}

TEST(Router, a_plain_path_does_not_hide_a_pattern_of_another_method) {
    const Router router(rows);
    EXPECT_EQ(router.match("POST", "/stock/adjustments").index, 2U);
    EXPECT_EQ(router.match("GET", "/stock/adjustments").index, 1U) << "a product may have this SKU";
}

TEST(Router, answers_head_with_the_row_of_get) {
    const Router router(rows);
    EXPECT_EQ(router.match("HEAD", "/stock").index, 0U);
    EXPECT_EQ(router.match("HEAD", "/orders/7/lines/9").kind, Kind::method_not_allowed);
}

TEST(Router, names_the_methods_that_are_allowed) {
    const Router router(rows);
    EXPECT_EQ(router.match("DELETE", "/stock").allow, "GET, HEAD");
    EXPECT_EQ(router.match("TRACE", "/stock/adjustments").allow, "POST, GET, HEAD");
    EXPECT_EQ(router.match("get", "/stock").kind, Kind::method_not_allowed) << "methods are case-sensitive";
}

TEST(Router, does_not_find_what_is_not_there) {
    const Router router(rows);
    for (const auto* path : {"/", "", "/stock/", "/stock//", "//stock", "/Stock", "/stock/a/b", "/orders//lines/1",
                             "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"})
        EXPECT_EQ(router.match("GET", path).kind, Kind::not_found) << path;
}

TEST(Router, the_table_is_sound) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const auto& route : routes()) {
        EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.method << route.path;
        EXPECT_NE(route.handler, nullptr) << route.path;
        EXPECT_EQ(route.body == Body::none, route.body_bytes_max == 0) << route.path;
        EXPECT_TRUE(route.key == KeyNeed::none || route.method == "POST") << route.path;
    }
}

TEST(Target, decodes_paths) {
    std::string path;
    ASSERT_TRUE(decode_path("/a%20b/%C3%A4?x=%zz", path));
    EXPECT_EQ(path, "/a b/\xc3\xa4");
    ASSERT_TRUE(decode_path("/a%2561", path)) << "decoded once";
    EXPECT_EQ(path, "/a%61");
}

TEST(Target, keeps_escaped_slashes_apart_until_the_path_is_split) {
    std::string path;
    ASSERT_TRUE(decode_path("/sku/A%2FB%2fC", path));
    EXPECT_EQ(std::count(path.begin(), path.end(), '/'), 2);
    show_slashes(path);
    EXPECT_EQ(path, "/sku/A/B/C");
}

TEST(Target, refuses_paths_that_hide_something) {
    std::string path;
    for (const auto* target : {"/%00", "/%2e%2e%2fetc", "/%2e%2e/etc", "/../etc", "/./a", "/a%2f..%2fb", "/%01",
                               "/a%01b", "/%", "/%4", "/%zz", "/%u0041", "/%c0%ae", "/%ff", "/%0d%0a", "/%7f"})
        EXPECT_FALSE(decode_path(target, path)) << target;
}

TEST(Target, decodes_queries) {
    QueryParameters query;
    ASSERT_EQ(decode_query("/x?a=1+2&b=%2B&c&d=", query), std::nullopt);
    ASSERT_EQ(query.size(), 4U);
    EXPECT_EQ(query[0].second, "1 2");
    EXPECT_EQ(query[1].second, "+");
    EXPECT_EQ(query[2].second, "");
    EXPECT_EQ(decode_query("/x", query), std::nullopt);
    EXPECT_TRUE(query.empty());
}

TEST(Target, names_the_query_parameter_that_is_wrong) {
    QueryParameters query;
    EXPECT_EQ(decode_query("/x?a=1&a=2", query), "a");
    EXPECT_EQ(decode_query("/x?a=1&%61=2", query), "a");
    for (const auto* target : {"/x?a=%", "/x?a=%zz", "/x?a=%00", "/x?a=%c0%ae", "/x?a=%0a"})
        EXPECT_EQ(decode_query(target, query), "a") << target;
}

TEST(Target, bounds_the_number_of_query_parameters) {
    std::string target = "/x?";
    for (std::size_t i = 0; i < query_parameters_max; ++i) target += "p" + std::to_string(i) + "=1&";
    QueryParameters query;
    EXPECT_EQ(decode_query(target, query), std::nullopt);
    EXPECT_EQ(decode_query(target + "last=1", query), "last");
}

}  // namespace
}  // namespace onhand::http
