#include "app/config.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace onhand::app {
namespace {

std::string problem_of(const Values& flags, const Values& environment = {}, const Values& file = {}) {
    const auto config = make_config(flags, environment, file);
    return config ? "" : config.error();
}

TEST(Config, has_safe_defaults) {
    const auto config = make_config({}, {}, {});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->host, "127.0.0.1");
    EXPECT_EQ(config->port, 3000);
    EXPECT_EQ(config->sqlite_path(), "data/onhand.db");
    EXPECT_EQ(config->registration, http::Registration::first);
    EXPECT_FALSE(config->demo);
}

TEST(Config, prefers_flags_over_the_environment_over_the_file) {
    const Values flags{{"PORT", "1001"}};
    const Values environment{{"PORT", "1002"}, {"ONHAND_HOST", "0.0.0.0"}};
    const Values file{{"PORT", "1003"}, {"ONHAND_HOST", "::1"}, {"ONHAND_LOG_LEVEL", "debug"}};
    const auto config = make_config(flags, environment, file);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->port, 1001);
    EXPECT_EQ(config->host, "0.0.0.0");
    EXPECT_EQ(config->log_level, "debug");
}

TEST(Config, refuses_unknown_settings_but_not_those_of_other_programs) {
    EXPECT_EQ(problem_of({}, {{"ONHAND_PROT", "1"}}), "unknown setting ONHAND_PROT in the environment");
    EXPECT_EQ(problem_of({}, {}, {{"ONHAND_X", "1"}}), "unknown setting ONHAND_X in .env");
    EXPECT_EQ(problem_of({}, {}, {{"POSTGRES_PASSWORD", "x"}}), "");
}

TEST(Config, refuses_bad_values_with_one_line_that_names_them) {
    for (const Values& bad :
         {Values{{"PORT", "0"}}, Values{{"PORT", "65536"}}, Values{{"PORT", "80x"}}, Values{{"PORT", ""}},
          Values{{"DATABASE_URL", "mysql://x"}}, Values{{"DATABASE_URL", "sqlite:"}},
          Values{{"DATABASE_URL", "mysql://x"}}, Values{{"REDIS_URL", "http://x"}},
          Values{{"ONHAND_REGISTRATION", "closed"}}, Values{{"ONHAND_LOG_LEVEL", "loud"}},
          Values{{"ONHAND_DEMO", "maybe"}}, Values{{"ONHAND_IO_THREADS", "0"}}, Values{{"ONHAND_IO_THREADS", "65"}},
          Values{{"ONHAND_HOST", ""}}, Values{{"ONHAND_ALLOWED_ORIGINS", "shop.example"}},
          Values{{"ONHAND_ALLOWED_ORIGINS", "https://a/b"}}}) {
        const auto problem = problem_of(bad);
        EXPECT_NE(problem.find(bad.begin()->first), std::string::npos) << bad.begin()->first << ": " << problem;
        EXPECT_EQ(problem.find('\n'), std::string::npos);
    }
}

TEST(Config, reads_the_address_of_a_redis) {
    EXPECT_FALSE(make_config({}, {{"REDIS_URL", ""}}, {})->redis);
    const auto config = make_config({{"REDIS_URL", "redis://:secret@cache.example:6380/1"}}, {}, {});
    ASSERT_TRUE(config);
    ASSERT_TRUE(config->redis);
    ASSERT_EQ(config->redis->endpoints.size(), 1U);
    EXPECT_EQ(config->redis->endpoints[0].host, "cache.example");
    EXPECT_EQ(config->redis->endpoints[0].port, 6380);
    EXPECT_EQ(config->redis->password, "secret");
    ASSERT_TRUE(config->socketio_redis);
    EXPECT_EQ(config->socketio_redis->host, "cache.example");
    EXPECT_EQ(config->socketio_redis->password, "secret");
}

TEST(Config, sentinels_and_clusters_serve_the_instances_but_not_the_socketio_adapter) {
    for (const char* url : {"redis+sentinel://a:26379,b/shop", "redis+cluster://a:7000,b:7001"}) {
        const auto config = make_config({{"REDIS_URL", url}}, {}, {});
        ASSERT_TRUE(config) << config.error();
        EXPECT_TRUE(config->redis);
        EXPECT_FALSE(config->socketio_redis);
    }
}

TEST(Config, shows_the_address_of_a_database_without_its_password) {
    const auto config =
        make_config({{"DATABASE_URL", "postgresql://ann:p%40ss@db.example:5432/shop?sslmode=require"}}, {}, {});
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->is_shared());
    EXPECT_EQ(config->shown_database(), "postgresql://db.example:5432/shop");
    EXPECT_FALSE(make_config({}, {}, {})->is_shared());
}

TEST(Config, reads_lists_of_origins) {
    const auto config = make_config({{"ONHAND_ALLOWED_ORIGINS", "https://a.example, http://b.example:8080"}}, {}, {});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->allowed_origins, (std::vector<std::string>{"https://a.example", "http://b.example:8080"}));
}

struct EnvFile : testing::Test {
    void write(const std::string& text) { std::ofstream(path) << text; }
    ~EnvFile() override { std::remove(path.c_str()); }
    std::string path = testing::TempDir() + "onhand_env_file_test";
};

TEST_F(EnvFile, is_read_with_comments_quotes_and_export) {
    write("# comment\n\nPORT=3001\nexport ONHAND_HOST='0.0.0.0'\nA = \"b c\" \r\n");
    const auto values = read_env_file(path);
    ASSERT_TRUE(values);
    EXPECT_EQ(*values, (Values{{"PORT", "3001"}, {"ONHAND_HOST", "0.0.0.0"}, {"A", "b c"}}));
}

TEST_F(EnvFile, is_refused_with_the_line_that_is_wrong) {
    write("PORT=1\nnonsense\n");
    EXPECT_EQ(read_env_file(path).error(), path + ":2: expected NAME=VALUE");
    write("A=\"b\n");
    EXPECT_EQ(read_env_file(path).error(), path + ":1: the quote does not end");
}

TEST(EnvExample, names_every_setting_with_its_default) {
    const auto values = read_env_file(ENV_EXAMPLE);
    ASSERT_TRUE(values);
    // The rest is for the compose files; make_config() refuses a name of ours that it does not know.
    for (const auto& setting : settings())
        EXPECT_TRUE(values->contains(std::string(setting.variable))) << setting.variable;
    const auto config = make_config({}, {}, *values);
    ASSERT_TRUE(config) << config.error();
    const Config defaults;
    EXPECT_EQ(config->port, defaults.port);
    EXPECT_EQ(config->host, defaults.host);
    EXPECT_EQ(config->database, defaults.database);
    EXPECT_EQ(config->io_threads, defaults.io_threads);
    EXPECT_EQ(config->demo, defaults.demo);
}

TEST(EnvFileMissing, is_no_values) {
    EXPECT_TRUE(read_env_file("/nonexistent/.env")->empty());
}

}  // namespace
}  // namespace onhand::app
