#include "load/options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::bench {
namespace {

Result<Options, std::string> parse(std::initializer_list<std::string_view> arguments) {
    const std::vector<std::string_view> all(arguments);
    return parse_options(all);
}

std::string error_of(std::initializer_list<std::string_view> arguments) {
    const auto options = parse(arguments);
    return options ? std::string() : options.error();
}

TEST(LoadOptions, have_defaults) {
    const auto options = parse({"orders"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->mode, Mode::orders);
    EXPECT_EQ(options->host, "127.0.0.1");
    EXPECT_EQ(options->port, 3000);
    EXPECT_EQ(options->connections, 64U);
    EXPECT_EQ(options->rate, 0.0);
}

TEST(LoadOptions, are_read) {
    const auto options = parse({"orders", "--url", "http://[::1]:8080/", "--connections", "256", "--rate", "1500.5",
                                "--lines", "1-3", "--skus", "1000", "--spread", "zipf", "--json"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->host, "::1");
    EXPECT_EQ(options->port, 8080);
    EXPECT_EQ(options->connections, 256U);
    EXPECT_EQ(options->rate, 1500.5);
    EXPECT_EQ(options->lines_from, 1U);
    EXPECT_EQ(options->lines_to, 3U);
    EXPECT_EQ(options->spread, Spread::zipf);
    EXPECT_TRUE(options->json);
}

TEST(LoadOptions, take_loopback_targets_only) {
    for (const auto* const url :
         {"http://127.0.0.1:1", "http://127.9.9.9:65535", "http://localhost:80", "http://[::1]:80"})
        EXPECT_EQ(error_of({"get", "--url", url}), "") << url;
    for (const auto* const url : {"http://example.com:80", "http://10.0.0.1:80", "http://0.0.0.0:80", "http://[::]:80",
                                  "http://127.0.0.1.example.com:80", "http://:80", "http://127.0.0.1@10.0.0.1:80"})
        EXPECT_NE(error_of({"get", "--url", url}).find("must name this machine"), std::string::npos) << url;
    for (const auto* const url : {"https://127.0.0.1:80", "http://127.0.0.1", "http://[::1]", "http://127.0.0.1:0",
                                  "http://127.0.0.1:70000", "127.0.0.1:80", ""})
        EXPECT_NE(error_of({"get", "--url", url}), "") << url;
}

TEST(LoadOptions, hold_every_number_to_its_bounds) {
    const std::vector<std::vector<std::string_view>> wrong{
        {"--connections", "0"},     {"--connections", "16385"},
        {"--connections", "-1"},    {"--connections", "8x"},
        {"--pipeline", "65"},       {"--rate", "0"},
        {"--rate", "nan"},          {"--rate", "1e9"},
        {"--duration", "601"},      {"--duration", ""},
        {"--warmup", "-1"},         {"--lines", "3-1"},
        {"--lines", "0"},           {"--lines", "1-"},
        {"--lines", "201"},         {"--skus", "1000001"},
        {"--quantity", "0"},        {"--spread", "normal"},
        {"--sku", "A\"B"},          {"--sku", ""},
        {"--path", "stock"},        {"--path", "/a b"},
        {"--key-prefix", "a\r\nb"}, {"--connections"},
        {"--unknown", "1"},         {"--post-path", "orders"},
    };
    for (const auto& arguments : wrong) {
        std::vector<std::string_view> all{"orders"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const auto options = parse_options(all);
        ASSERT_FALSE(options) << arguments.front() << ' ' << arguments.back();
        EXPECT_NE(options.error().find(arguments.front()), std::string::npos) << options.error();
    }
}

TEST(LoadOptions, refuse_what_does_not_go_together) {
    EXPECT_NE(error_of({}), "");
    EXPECT_NE(error_of({"flood"}), "");
    EXPECT_NE(error_of({"--json", "orders"}), "");
    EXPECT_NE(error_of({"idle", "--connections", "2"}), "");
    EXPECT_NE(error_of({"idle", "--rate", "10"}), "");
    EXPECT_NE(error_of({"orders", "--lines", "1-3"}), "");
    EXPECT_NE(error_of({"orders", "--email", "a@example.com"}), "");
    EXPECT_NE(error_of({"orders", "--token", "x", "--email", "a@example.com", "--password", "y"}), "");
}

TEST(LoadOptions, show_every_option_in_the_help) {
    const auto options = parse({"--help"});
    ASSERT_TRUE(options);
    EXPECT_TRUE(options->help);
    EXPECT_NE(usage().find("--zipf-exponent"), std::string::npos);
}

}  // namespace
}  // namespace onhand::bench
