// One connection: its deadlines and bounds, whatever the server does.
#include "bus/redis/connection.hpp"

#include <gtest/gtest.h>

#include "bus/redis/testing/fake_redis.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::milliseconds;

SteadyTime in(milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

constexpr milliseconds patience{20'000};
constexpr std::array<std::string_view, 1> question{"QUESTION"};

// Asks a server that answers so, once.
struct Exchange {
    explicit Exchange(std::string answer, milliseconds time = patience)
        : server([answer](std::string_view command) {
              return command == "QUESTION" ? answer : std::string("+PONG\r\n");
          }) {
        opened = connection.open(Address{"127.0.0.1", server.port(), {}}, {}, in(patience));
        reply = connection.call(question, in(time));
    }

    FakeRedis server;
    Connection connection;
    bool opened = false;
    Reply reply;
};

TEST(RedisConnection, has_every_kind_of_answer) {
    const Exchange exchange("*5\r\n:7\r\n$2\r\nab\r\n$-1\r\n+ok\r\n-ERR no\r\n");
    ASSERT_TRUE(exchange.opened);
    const auto reply = exchange.reply.view();
    ASSERT_EQ(reply.size(), 5U);
    EXPECT_EQ(reply[0].integer(), 7);
    EXPECT_EQ(reply[1].text(), "ab");
    EXPECT_TRUE(reply[2].is_nil());
    EXPECT_EQ(reply[3].text(), "ok");
    EXPECT_TRUE(reply[4].is_error());
    EXPECT_EQ(reply[4].text(), "ERR no");
    EXPECT_FALSE(reply[5].exists());
    EXPECT_FALSE(reply[0][0].exists());
    EXPECT_TRUE(exchange.connection.is_open());
}

// A time-out of single reads would wait for all of it.
TEST(RedisConnection, a_trickle_does_not_get_past_the_deadline) {
    const Exchange exchange(FakeRedis::in_drops("$1000\r\n" + std::string(1000, 'x') + "\r\n"), milliseconds(50));
    EXPECT_FALSE(exchange.reply);
    EXPECT_FALSE(exchange.connection.is_open());
    EXPECT_EQ(exchange.connection.error(), "no answer in time");
}

TEST(RedisConnection, an_answer_in_drops_is_put_together) {
    const Exchange exchange(FakeRedis::in_drops("*2\r\n$3\r\nabc\r\n:5\r\n"));
    ASSERT_TRUE(exchange.reply);
    EXPECT_EQ(exchange.reply.view()[0].text(), "abc");
    EXPECT_EQ(exchange.reply.view()[1].integer(), 5);
}

TEST(RedisConnection, an_array_that_says_it_is_huge_is_refused_at_once) {
    const Exchange exchange("*1000001\r\n");
    EXPECT_FALSE(exchange.reply);
    EXPECT_EQ(exchange.connection.error(), "no answer of Redis: Out of memory");
}

TEST(RedisConnection, an_answer_that_never_ends_is_refused) {
    const Exchange exchange("$900000000\r\n" + std::string(reply_bytes_max + 1024 * 1024, 'x'));
    EXPECT_FALSE(exchange.reply);
    EXPECT_EQ(exchange.connection.error(), "too long an answer");
}

TEST(RedisConnection, says_why_it_does_not_open) {
    Connection connection;
    EXPECT_FALSE(connection.open(Address{"not an address", 1, {}}, {}, in(patience)));
    EXPECT_EQ(connection.error(), "it has no address");
    EXPECT_FALSE(connection.open(Address{{}, 0, "/no/such/socket"}, {}, in(patience)));
    EXPECT_EQ(connection.error(), "no connection: No such file or directory");
    EXPECT_FALSE(connection.open(Address{{}, 0, std::string(200, 'x')}, {}, in(patience)));
    FakeRedis strict([](std::string_view) { return std::string("-WRONGPASS no\r\n"); });
    EXPECT_FALSE(connection.open(Address{"127.0.0.1", strict.port(), {}}, {"ann", "s3cret", 0}, in(patience)));
    EXPECT_EQ(connection.error(), "it refuses: WRONGPASS no");
    EXPECT_FALSE(connection.is_open());
    EXPECT_FALSE(connection.call(question, in(patience)));
}

TEST(RedisConnection, a_server_that_lets_nobody_in_is_not_waited_for) {
    FakeRedis silent([](std::string_view) { return std::string(); });
    Connection connection;
    EXPECT_FALSE(connection.open(Address{"127.0.0.1", silent.port(), {}}, {}, in(milliseconds(30))));
    EXPECT_EQ(connection.error(), "no answer in time");
}

}  // namespace
}  // namespace onhand::bus::redis
