#include "socketio/options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::bench::socketio {
namespace {

Result<LoadOptions, std::string> load(std::initializer_list<std::string_view> arguments) {
    const std::vector<std::string_view> all(arguments);
    return parse_load_options(all);
}

Result<ServerOptions, std::string> server(std::initializer_list<std::string_view> arguments) {
    const std::vector<std::string_view> all(arguments);
    return parse_server_options(all);
}

TEST(SioOptions, of_the_load_client_have_defaults) {
    const auto options = load({"--port", "3000"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->port, 3000);
    EXPECT_EQ(options->clients, 1000U);
    EXPECT_EQ(options->in_flight, 64U);
    EXPECT_EQ(options->nap_us, 500U);
    EXPECT_EQ(options->patience_s, 30.0);
}

TEST(SioOptions, of_the_load_client_are_read) {
    const auto options =
        load({"--clients", "50000", "--in-flight", "8", "--patience", "5", "--nap-us", "0", "--port", "1"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->port, 1);
    EXPECT_EQ(options->clients, 50000U);
    EXPECT_EQ(options->in_flight, 8U);
    EXPECT_EQ(options->patience_s, 5.0);
    EXPECT_EQ(options->nap_us, 0U);
}

TEST(SioOptions, need_a_port_for_the_load_client) {
    const auto options = load({"--clients", "5"});
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error(), "--port is missing (see --help)");
    EXPECT_TRUE(load({"--help"}));
}

TEST(SioOptions, are_bounded) {
    for (const auto& [name, value] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"--port", "0"},
                                                                              {"--port", "65536"},
                                                                              {"--clients", "0"},
                                                                              {"--clients", "200001"},
                                                                              {"--in-flight", "1001"},
                                                                              {"--patience", "-1"},
                                                                              {"--nap-us", "100001"},
                                                                              {"--clients", "many"}}) {
        const auto options = load({name, value});
        ASSERT_FALSE(options) << name << ' ' << value;
        EXPECT_EQ(options.error().substr(0, name.size() + 8), std::string(name) + " must be");
    }
}

TEST(SioOptions, refuse_what_they_do_not_know) {
    EXPECT_EQ(load({"--host", "example.com"}).error(), "unknown option --host (see --help)");
    EXPECT_EQ(load({"--clients"}).error(), "--clients needs a value");
    EXPECT_EQ(server({"--clients", "1"}).error(), "unknown option --clients (see --help)");
}

TEST(SioOptions, of_the_server_are_read) {
    const auto options = server({"--port", "0", "--io-threads", "2", "--ping-interval", "100"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->port, 0);
    EXPECT_EQ(options->io_threads, 2U);
    EXPECT_EQ(options->ping_interval_ms, 100U);
    EXPECT_FALSE(server({"--io-threads", "65"}));
}

TEST(SioOptions, are_all_in_the_help) {
    for (const auto* const name : {"--port", "--clients", "--in-flight", "--patience", "--nap-us", "broadcast", "quit"})
        EXPECT_NE(load_usage().find(name), std::string::npos) << name;
    for (const auto* const name : {"--port", "--io-threads", "--ping-interval"})
        EXPECT_NE(server_usage().find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace onhand::bench::socketio
