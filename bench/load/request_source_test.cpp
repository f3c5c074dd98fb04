#include "load/request_source.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>

namespace onhand::bench {
namespace {

// The parts of one request, taken apart again.
struct Parts {
    std::string start;  // request line
    std::map<std::string, std::string> fields;
    std::string body;
};

Parts take_apart(const std::string& bytes) {
    Parts parts;
    const auto head_end = bytes.find("\r\n\r\n");
    parts.body = bytes.substr(head_end + 4);
    auto at = bytes.find("\r\n");
    parts.start = bytes.substr(0, at);
    while (at < head_end) {
        const auto next = bytes.find("\r\n", at + 2);
        const auto line = bytes.substr(at + 2, next - at - 2);
        parts.fields[line.substr(0, line.find(": "))] = line.substr(line.find(": ") + 2);
        at = next;
    }
    return parts;
}

Parts next_of(RequestSource& source, std::uint64_t& units) {
    std::string bytes;
    units = source.append_next(bytes);
    return take_apart(bytes);
}

TEST(RequestSource, makes_a_whole_order) {
    Options options;
    options.port = 8080;
    options.quantity = 7;
    options.key_prefix = "run1-";
    RequestSource source(options, "secret");
    std::uint64_t units = 0;
    const auto parts = next_of(source, units);
    EXPECT_EQ(parts.start, "POST /api/v1/orders HTTP/1.1");
    EXPECT_EQ(parts.fields.at("Host"), "127.0.0.1:8080");
    EXPECT_EQ(parts.fields.at("Authorization"), "Bearer secret");
    EXPECT_EQ(parts.fields.at("Content-Type"), "application/json");
    EXPECT_EQ(parts.fields.at("Idempotency-Key"), "run1-1");
    EXPECT_EQ(parts.body, R"({"lines":[{"sku":"HOT","quantity":7}]})");
    EXPECT_EQ(parts.fields.at("Content-Length"), std::to_string(parts.body.size()));
    EXPECT_EQ(units, 7U);
}

TEST(RequestSource, sends_orders_where_it_is_told_to) {
    Options options;
    options.post_path = "/bench/noop";
    RequestSource source(options, "");
    std::uint64_t units = 0;
    EXPECT_EQ(next_of(source, units).start, "POST /bench/noop HTTP/1.1");
}

TEST(RequestSource, makes_a_get) {
    Options options;
    options.mode = Mode::get;
    options.host = "::1";
    options.path = "/api/v1/stock?limit=100&offset=50000";
    RequestSource source(options, "");
    std::uint64_t units = 1;
    const auto parts = next_of(source, units);
    EXPECT_EQ(parts.start, "GET /api/v1/stock?limit=100&offset=50000 HTTP/1.1");
    EXPECT_EQ(parts.fields.at("Host"), "[::1]:3000");
    EXPECT_EQ(parts.fields.count("Authorization"), 0U);
    EXPECT_EQ(units, 0U);
}

TEST(RequestSource, never_repeats_a_key) {
    const Options options;
    RequestSource source(options, "");
    std::set<std::string> keys;
    std::uint64_t units = 0;
    for (int i = 0; i < 2000; ++i) keys.insert(next_of(source, units).fields.at("Idempotency-Key"));
    EXPECT_EQ(keys.size(), 2000U);
    EXPECT_EQ(source.made(), 2000U);
}

TEST(RequestSource, spreads_lines_over_distinct_articles) {
    Options options;
    options.sku = "S";
    options.skus = 20;
    options.lines_from = 1;
    options.lines_to = 3;
    options.quantity = 2;
    RequestSource source(options, "");
    std::map<std::size_t, int> orders_by_lines;
    std::map<std::string, int> lines_by_sku;
    for (int i = 0; i < 6000; ++i) {
        std::uint64_t units = 0;
        const auto parts = next_of(source, units);
        const auto body = boost::json::parse(parts.body);
        const auto& lines = body.at("lines").as_array();
        std::set<std::string> skus;
        for (const auto& line : lines) skus.insert(std::string(line.at("sku").as_string()));
        EXPECT_EQ(skus.size(), lines.size());
        EXPECT_EQ(units, 2 * lines.size());
        orders_by_lines[lines.size()] += 1;
        for (const auto& sku : skus) lines_by_sku[sku] += 1;
    }
    ASSERT_EQ(orders_by_lines.size(), 3U);
    for (const auto& [lines, orders] : orders_by_lines) EXPECT_NEAR(orders, 2000, 200) << lines;
    ASSERT_EQ(lines_by_sku.size(), 20U);
    EXPECT_EQ(lines_by_sku.begin()->first, "S-000000");
    EXPECT_EQ(lines_by_sku.rbegin()->first, "S-000019");
    for (const auto& [sku, count] : lines_by_sku) EXPECT_NEAR(count, 600, 120) << sku;
}

TEST(RequestSource, draws_by_zipf) {
    Options options;
    options.skus = 100;
    options.spread = Spread::zipf;
    RequestSource source(options, "");
    std::map<std::string, int> orders_by_body;
    std::uint64_t units = 0;
    for (int i = 0; i < 10'000; ++i) orders_by_body[next_of(source, units).body] += 1;
    // The weights of 100 articles sum to 5.187, so the first gets 19 % and the second half of that.
    EXPECT_NEAR(orders_by_body.at(R"({"lines":[{"sku":"HOT-000000","quantity":1}]})"), 1928, 200);
    EXPECT_NEAR(orders_by_body.at(R"({"lines":[{"sku":"HOT-000001","quantity":1}]})"), 964, 150);
}

TEST(RequestSource, asks_for_the_same_with_the_same_seed) {
    Options options;
    options.skus = 1000;
    options.key_prefix = "k";
    RequestSource first(options, "");
    RequestSource second(options, "");
    options.seed = 2;
    RequestSource other(options, "");
    std::string first_bytes;
    std::string second_bytes;
    std::string other_bytes;
    for (int i = 0; i < 50; ++i) {
        first.append_next(first_bytes);
        second.append_next(second_bytes);
        other.append_next(other_bytes);
    }
    EXPECT_EQ(first_bytes, second_bytes);
    EXPECT_NE(first_bytes, other_bytes);
}

}  // namespace
}  // namespace onhand::bench
