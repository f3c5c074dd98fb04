// The addresses people write, right and wrong.
#include "bus/redis/settings.hpp"

#include <gtest/gtest.h>

namespace onhand::bus::redis {
namespace {

using Kind = Settings::Kind;

Settings parsed(std::string_view url) {
    auto settings = parse_url(url);
    EXPECT_TRUE(settings.has_value()) << url << ": " << settings.error().message;
    return settings.has_value() ? *settings : Settings{};
}

TEST(RedisUrl, names_host_port_user_password_and_database) {
    const auto plain = parsed("redis://cache");
    EXPECT_EQ(plain.kind, Kind::single);
    EXPECT_EQ(plain.endpoints, (std::vector<Endpoint>{{"cache", 6379}}));
    EXPECT_EQ(plain.database, 0);
    const auto full = parsed("redis://ann:p%40ss%2Fw%3A@10.0.0.1:7000/15");
    EXPECT_EQ(full.endpoints, (std::vector<Endpoint>{{"10.0.0.1", 7000}}));
    EXPECT_EQ(full.user, "ann");
    EXPECT_EQ(full.password, "p@ss/w:");
    EXPECT_EQ(full.database, 15);
    EXPECT_EQ(parsed("redis://:only@host/").password, "only");
    EXPECT_EQ(parsed("redis://:with@sign@host").password, "with@sign");
    EXPECT_EQ(parsed("redis://[::1]:7001/2").endpoints, (std::vector<Endpoint>{{"::1", 7001}}));
    EXPECT_EQ(parsed("redis://[fe80::1]").endpoints, (std::vector<Endpoint>{{"fe80::1", 6379}}));
    EXPECT_EQ(parsed("redis://host?database=3").database, 3);
}

TEST(RedisUrl, names_a_socket) {
    const auto socket = parsed("unix:///run/redis.sock");
    EXPECT_EQ(socket.kind, Kind::single);
    EXPECT_EQ(socket.unix_path, "/run/redis.sock");
    const auto full = parsed("unix://ann:pw@/run/redis.sock?database=4");
    EXPECT_EQ(full.unix_path, "/run/redis.sock");
    EXPECT_EQ(full.user, "ann");
    EXPECT_EQ(full.password, "pw");
    EXPECT_EQ(full.database, 4);
}

TEST(RedisUrl, names_sentinels_and_their_master) {
    const auto plain = parsed("redis+sentinel://a,b:26380,[::1]:26381/shop");
    EXPECT_EQ(plain.kind, Kind::sentinel);
    EXPECT_EQ(plain.endpoints, (std::vector<Endpoint>{{"a", 26379}, {"b", 26380}, {"::1", 26381}}));
    EXPECT_EQ(plain.master_name, "shop");
    const auto full = parsed("redis+sentinel://ann:pw@a/shop/2?sentinel_user=watch&sentinel_password=s%26p");
    EXPECT_EQ(full.user, "ann");
    EXPECT_EQ(full.password, "pw");
    EXPECT_EQ(full.database, 2);
    EXPECT_EQ(full.sentinel_user, "watch");
    EXPECT_EQ(full.sentinel_password, "s&p");
}

TEST(RedisUrl, names_nodes_of_a_cluster) {
    const auto cluster = parsed("redis+cluster://:pw@a:7000,b");
    EXPECT_EQ(cluster.kind, Kind::cluster);
    EXPECT_EQ(cluster.endpoints, (std::vector<Endpoint>{{"a", 7000}, {"b", 6379}}));
    EXPECT_EQ(cluster.password, "pw");
    EXPECT_EQ(parsed("redis+cluster://a/0").database, 0);
}

class WrongRedisUrl : public testing::TestWithParam<const char*> {};

TEST_P(WrongRedisUrl, is_refused_in_one_line_without_the_password) {
    const auto settings = parse_url(GetParam());
    ASSERT_FALSE(settings.has_value()) << GetParam();
    EXPECT_TRUE(settings.error().message.starts_with("The address of Redis ")) << settings.error().message;
    EXPECT_EQ(settings.error().message.find("s3cret"), std::string::npos);
    EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongRedisUrl,
    testing::Values("", "host:6379", "http://host", "rediss://ann:s3cret@host", "redis://", "redis://:6379",
                    "redis://host:", "redis://host:0", "redis://host:65536", "redis://host:-1", "redis://host:1x",
                    "redis://host/16384", "redis://host/-1", "redis://host/x", "redis://s3cret@host",
                    "redis://ann:@host", "redis://ann:s3cret%4@host", "redis://ann:s3cret%zz@host", "redis://[::1",
                    "redis://[::1]x", "redis://a,b", "redis://host?database=x", "redis://host?password=s3cret",
                    "redis://host?sentinel_password=s3cret", "unix://", "unix://ann:s3cret@", "unix:///a?db=1",
                    "unix:///aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel:///shop", "redis+sentinel://a,/shop",
                    "redis+sentinel://a,,b/shop", "redis+sentinel://a/shop/x", "redis+sentinel://a/shop?database=1",
                    "redis+sentinel://ann:s3cret@a/shop?sentinel_password=%4", "redis+cluster://",
                    "redis+cluster://a/1", "redis+cluster://a,b:x", "redis+cluster://a?database=0"));

TEST(RedisUrl, names_no_more_hosts_than_there_may_be) {
    std::string url = "redis+cluster://h";
    for (std::size_t n = 1; n < endpoints_max; ++n) url += ",h";
    EXPECT_EQ(parsed(url).endpoints.size(), endpoints_max);
    EXPECT_FALSE(parse_url(url + ",h").has_value());
    EXPECT_FALSE(parse_url(std::string_view("redis://a\0b", 11)).has_value());
}

}  // namespace
}  // namespace onhand::bus::redis
