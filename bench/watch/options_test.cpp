#include "watch/options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace onhand::bench::watch {
namespace {

Result<Options, std::string> parse(std::initializer_list<std::string_view> more) {
    std::vector<std::string_view> arguments{"--rate", "100", "--sku", "S", "--skus", "1000", "--token", "t"};
    arguments.insert(arguments.end(), more);
    return parse_options(arguments);
}

TEST(WatchOptions, reads_its_own_and_those_of_the_orders) {
    const auto options =
        parse({"--all", "10", "--some", "20", "--rows", "5", "--watch-port", "4000", "--duration", "3"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->all, 10u);
    EXPECT_EQ(options->some, 20u);
    EXPECT_EQ(options->rows, 5u);
    EXPECT_EQ(options->port(), 4000);
    EXPECT_EQ(options->orders.rate, 100.0);
    EXPECT_EQ(options->orders.duration_s, 3.0);
}

TEST(WatchOptions, clients_watch_where_the_orders_go_unless_told_otherwise) {
    const auto options = parse({"--all", "1", "--url", "http://127.0.0.1:3333"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->port(), 3333);
}

TEST(WatchOptions, refuses_what_cannot_be_measured) {
    EXPECT_FALSE(parse({}));
    EXPECT_FALSE(parse({"--all", "10001"}));
    EXPECT_FALSE(parse({"--all", "x"}));
    EXPECT_FALSE(parse({"--some", "1", "--rows", "1001"}));
    EXPECT_FALSE(parse({"--some", "1", "--rows", "0"}));
    EXPECT_FALSE(parse({"--all", "1", "--lines", "2"}));
    EXPECT_FALSE(parse({"--all", "1", "--token", ""}));
    EXPECT_FALSE(parse({"--all"}));
    EXPECT_FALSE(parse({"--all", "1", "--nonsense", "2"}));
    const std::vector<std::string_view> no_rate{"--all", "1", "--sku", "S", "--skus", "10", "--token", "t"};
    EXPECT_FALSE(parse_options(no_rate));
}

}  // namespace
}  // namespace onhand::bench::watch
