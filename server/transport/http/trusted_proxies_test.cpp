#include "transport/http/trusted_proxies.hpp"

#include <gtest/gtest.h>

#include "transport/http/login_limiter.hpp"
#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

TEST(TrustedProxies, knows_addresses_and_networks) {
    const auto proxies = TrustedProxies::parse("127.0.0.1, 10.1.0.0/16,fd00::/8");
    ASSERT_TRUE(proxies);
    for (const char* address : {"127.0.0.1", "10.1.255.3", "fd12::1"})
        EXPECT_TRUE(proxies->contains(address)) << address;
    for (const char* address : {"127.0.0.2", "10.2.0.1", "fe80::1", "::1", "", "proxy"})
        EXPECT_FALSE(proxies->contains(address)) << address;
    EXPECT_FALSE(TrustedProxies::parse("")->contains("127.0.0.1"));
}

TEST(TrustedProxies, refuses_what_is_no_address) {
    for (const char* text : {"proxy", "10.0.0.0/33", "127.0.0.1,,", "1.2.3", "*"})
        EXPECT_FALSE(TrustedProxies::parse(text)) << text;
}

TEST(TrustedProxies, believes_only_the_nearest_entry) {
    EXPECT_EQ(nearest_client("6.6.6.6, 10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(nearest_client(" 2001:db8::1 "), "2001:db8::1");
    EXPECT_EQ(nearest_client("unknown"), "");
    EXPECT_EQ(nearest_client(""), "");
}

// Wrong sign-ins count for the client, where the proxy may say who that is.
struct ForwardedTest : ::testing::Test, ServerWorld {
    void begin(std::string_view trusted) {
        options.trusted_proxies = *TrustedProxies::parse(trusted);
        start();
    }
    int register_from(const std::string& address) {
        const std::string body = R"({"email":"x@example.com","password":"correct horse battery","name":"X"})";
        const auto answer =
            ask(request_text("POST", "/api/v1/auth/register",
                             "Content-Type: application/json\r\nX-Forwarded-For: 9.9.9.9, " + address + "\r\n", body));
        return answer ? answer->status : 0;
    }
};

TEST_F(ForwardedTest, limits_count_for_the_client_behind_a_trusted_proxy) {
    options.registration = Registration::open;
    begin("127.0.0.1");
    for (std::uint32_t i = 0; i < LoginLimiter::registrations_max; ++i) EXPECT_NE(register_from("1.2.3.4"), 429);
    EXPECT_EQ(register_from("1.2.3.4"), 429);
    EXPECT_NE(register_from("1.2.3.5"), 429);
}

TEST_F(ForwardedTest, others_cannot_pretend_to_be_somebody_else) {
    options.registration = Registration::open;
    begin("10.0.0.0/8");
    for (std::uint32_t i = 0; i < LoginLimiter::registrations_max; ++i)
        EXPECT_NE(register_from("1.2.3." + std::to_string(i)), 429);
    EXPECT_EQ(register_from("7.7.7.7"), 429);
}

}  // namespace
}  // namespace onhand::http
