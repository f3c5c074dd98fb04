// Counters over instances, on a real Redis and without one.
#include <gtest/gtest.h>

#include <thread>

#include "bus/redis/counter.hpp"
#include "bus/redis/testing/fake_redis.hpp"
#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::milliseconds;
using Count = std::optional<std::int64_t>;

constexpr milliseconds long_window{60'000};

class CounterTest : public testing::Test {
  protected:
    RedisServer redis;
    Locator locator{settings_of(redis.url()), {}};
    RedisCounter here{locator, {}, patient_call};
    RedisCounter there{locator, {}, patient_call};
};

TEST_F(CounterTest, counts_over_all_instances_and_forgets) {
    EXPECT_EQ(here.read("ann"), Count(0));
    EXPECT_EQ(here.add("ann", long_window), Count(1));
    EXPECT_EQ(there.add("ann", long_window), Count(2));
    EXPECT_EQ(there.add("bob", long_window), Count(1));
    EXPECT_EQ(here.read("ann"), Count(2));
    here.forget("ann");
    EXPECT_EQ(there.read("ann"), Count(0));
    EXPECT_EQ(there.read("bob"), Count(1));
}

TEST_F(CounterTest, the_window_begins_with_the_first_and_does_not_move) {
    here.add("ann", long_window);
    redis.command({"PEXPIRE", "onhand:count:ann", "5000"});
    here.add("ann", long_window);
    EXPECT_LE(std::stoi(redis.command({"PTTL", "onhand:count:ann"})), 5000);
}

TEST_F(CounterTest, the_count_ends_with_the_window) {
    EXPECT_EQ(here.add("ann", milliseconds(30)), Count(1));
    EXPECT_TRUE(eventually([&] { return there.read("ann") == Count(0); }));
    EXPECT_EQ(there.add("ann", long_window), Count(1));
}

TEST_F(CounterTest, a_window_that_a_wrong_clock_made_too_long_is_cut) {
    here.add("ann", long_window);
    redis.command({"PEXPIRE", "onhand:count:ann", "999999999"});
    here.add("ann", long_window);
    EXPECT_LE(std::stoi(redis.command({"PTTL", "onhand:count:ann"})), long_window.count());
}

TEST_F(CounterTest, many_threads_count_exactly) {
    std::vector<std::thread> threads;
    for (int n = 0; n < 8; ++n) {
        threads.emplace_back([this] {
            for (int i = 0; i < 50; ++i) {
                while (!here.add("ann", long_window)) {
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(here.read("ann"), Count(400));
}

TEST_F(CounterTest, what_is_no_count_begins_anew) {
    redis.command({"SET", "onhand:count:ann", "no number"});
    redis.command({"SET", "onhand:count:bob", "9223372036854775807"});
    redis.command({"LPUSH", "onhand:count:cy", "a", "list"});
    for (const auto* name : {"ann", "bob", "cy"}) {
        EXPECT_EQ(here.read(name), Count(0));
        EXPECT_EQ(here.add(name, long_window), Count(1));
    }
    EXPECT_TRUE(locator.connected());
}

TEST_F(CounterTest, without_redis_there_is_no_count_and_then_there_is_one_again) {
    redis.kill();
    EXPECT_EQ(here.add("ann", long_window), std::nullopt);
    EXPECT_EQ(here.read("ann"), std::nullopt);
    here.forget("ann");
    redis.start();
    EXPECT_TRUE(eventually([&] { return here.add("ann", long_window).has_value(); }));
}

TEST(Counter, a_server_that_never_answers_is_asked_a_few_times_only) {
    FakeRedis redis([](std::string_view command) { return command == "PING" ? std::string("+PONG\r\n") : ""; });
    Locator locator(settings_of(redis.url()), {});
    RedisCounter counter(locator, {});
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(counter.add("ann", long_window), std::nullopt);
    EXPECT_EQ(redis.count("EVALSHA"), 1);
}

}  // namespace
}  // namespace onhand::bus::redis
