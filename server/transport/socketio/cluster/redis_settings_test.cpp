#include "transport/socketio/cluster/redis_settings.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

TEST(RedisUrl, is_read_in_all_its_forms) {
    auto settings = *parse_redis_url("redis://cache.local");
    EXPECT_EQ(settings.host, "cache.local");
    EXPECT_EQ(settings.port, 6379);
    EXPECT_EQ(settings.database, 0);
    EXPECT_TRUE(settings.password.empty());
    settings = *parse_redis_url("redis://me:p%40ss%2Fw@10.0.0.1:7000/3");
    EXPECT_EQ(settings.user, "me");
    EXPECT_EQ(settings.password, "p@ss/w");
    EXPECT_EQ(settings.host, "10.0.0.1");
    EXPECT_EQ(settings.port, 7000);
    EXPECT_EQ(settings.database, 3);
    settings = *parse_redis_url("redis://:a@b:c@host/");
    EXPECT_EQ(settings.user, "");
    EXPECT_EQ(settings.password, "a@b:c");
    EXPECT_EQ(settings.host, "host");
    settings = *parse_redis_url("redis://[::1]:6380/1");
    EXPECT_EQ(settings.host, "::1");
    EXPECT_EQ(settings.port, 6380);
    settings = *parse_redis_url("unix:///run/redis.sock");
    EXPECT_EQ(settings.unix_path, "/run/redis.sock");
}

TEST(RedisUrl, says_what_is_wrong) {
    const std::pair<std::string, std::string_view> cases[] = {
        {"", "neither redis:// nor unix://"},
        {"http://host", "neither redis:// nor unix://"},
        {"rediss://host", "TLS"},
        {"redis://", "no host"},
        {"redis://:6379", "no host"},
        {"redis://host:", "port"},
        {"redis://host:0", "port"},
        {"redis://host:65536", "port"},
        {"redis://host:+1", "port"},
        {"redis://host:-1", "port"},
        {"redis://host:1x", "port"},
        {"redis://::1", "port"},
        {"redis://host/x", "database"},
        {"redis://host/-1", "database"},
        {"redis://host/1/2", "database"},
        {"redis://user@host", "user:password"},
        {"redis://user:@host", "user:password"},
        {"redis://user:%zz@host", "user:password"},
        {"redis://user:%4@host", "user:password"},
        {"redis://[::1", "]"},
        {"redis://[::1]x:5", "between"},
        {"unix://", "no socket"},
        {"unix://" + std::string(108, '/'), "107 bytes"},
        {std::string("redis://a\0b", 11), "zero"},
    };
    for (const auto& [url, word] : cases) {
        const auto result = parse_redis_url(url);
        ASSERT_TRUE(result.has_error()) << url;
        EXPECT_NE(result.error().message.find(word), std::string::npos) << url << ": " << result.error().message;
    }
}

TEST(RedisUrl, keeps_the_password_out_of_the_error) {
    const auto result = parse_redis_url("redis://user:secret@host:99999");
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace onhand::socketio
