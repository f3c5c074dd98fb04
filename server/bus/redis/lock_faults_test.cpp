// Locks on a Redis that is gone, slow, forgetful, full, read-only, mistaken about the time or mad. After every fault:
// nothing blocked, nothing thrown, and it heals by itself.
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>

#include "bus/redis/testing/fake_redis.hpp"
#include "bus/redis/testing/lanes.hpp"
#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::milliseconds;

// Long enough that a slow machine is no fault, short enough to wait for where there is one.
constexpr milliseconds call_max{2000};

class LockFaults : public testing::Test {
  protected:
    // After every fault: one lane at a time again, and a hand-over.
    void expect_healthy() {
        a.locks->release_all();
        b.locks->release_all();
        ASSERT_TRUE(eventually([&] {
            step();
            return here.service.stats().connected && there.service.stats().connected && a.has("health");
        }));
        EXPECT_TRUE(eventually([&] {
            step();
            return !b.has("health") && !b.last.away;
        }));
        EXPECT_TRUE(eventually([&] {
            step();
            a.hand_over();
            return b.has("health");
        }));
        EXPECT_FALSE(a.has("health"));
        b.hand_over();
    }

    // Time enough that kept locks are looked at and refusals asked again.
    void step() {
        here.clock.advance_ms(lock_keep_max.count());
        there.clock.advance_ms(lock_keep_max.count());
    }

    bool is_away(Lane& lane) {
        step();
        EXPECT_EQ(lane.acquire({"S1"}), std::vector<bool>{true});
        return lane.last.away;
    }

    RedisServer redis;
    static LockOptions options() {
        auto patient = patient_options();
        patient.call_max = call_max;
        return patient;
    }

    Instance here{redis.url(), options()};
    Instance there{redis.url(), options()};
    Lane a{here.service};
    Lane b{there.service};
};

TEST_F(LockFaults, a_redis_that_dies_and_comes_back_empty) {
    ASSERT_TRUE(a.has("S1"));
    redis.kill();
    EXPECT_TRUE(is_away(a));
    EXPECT_FALSE(a.last.is_new);
    EXPECT_TRUE(is_away(b));
    EXPECT_FALSE(here.service.stats().connected);
    EXPECT_EQ(here.service.stats().away, 1U);
    a.hand_over({"S1"});
    a.locks->release_all();
    EXPECT_TRUE(here.service.held(10).empty());
    redis.start();
    expect_healthy();
}

TEST_F(LockFaults, a_redis_that_hangs_is_asked_once_and_not_for_each_batch) {
    ASSERT_TRUE(a.has("S1"));
    redis.pause();
    EXPECT_TRUE(is_away(a));
    EXPECT_TRUE(is_away(b));
    // Each of these would wait in vain for half a second if it were sent, and the test would run out of time.
    for (int batch = 0; batch < 5000; ++batch) {
        is_away(a);
        a.hand_over({"S1"});
    }
    EXPECT_GT(here.service.stats().away, 4000U);
    redis.resume();
    expect_healthy();
}

TEST_F(LockFaults, locks_forgotten_under_load_do_no_harm) {
    const SystemClock time;
    Instance left{redis.url(), LockOptions{.call_max = call_max}, &time};
    Instance right{redis.url(), LockOptions{.call_max = call_max}, &time};
    Lane lanes[] = {Lane(left.service), Lane(right.service)};
    std::atomic<bool> done = false;
    std::atomic<int> batches[2] = {0, 0};
    const auto work = [&](int n) {
        while (!done) {
            if (lanes[n].has("hot")) ++batches[n];
            lanes[n].hand_over({"hot"});
            std::this_thread::yield();
        }
    };
    std::thread one(work, 0);
    std::thread two(work, 1);
    for (int flush = 0; flush < 50; ++flush) {
        redis.command({"FLUSHALL"});
        std::this_thread::sleep_for(milliseconds(20));
    }
    done = true;
    one.join();
    two.join();
    EXPECT_GT(batches[0], 50);
    EXPECT_GT(batches[1], 50);
    expect_healthy();
}

TEST_F(LockFaults, forgotten_scripts_are_loaded_again) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"SCRIPT", "FLUSH"});
    step();
    EXPECT_TRUE(a.has("S1"));
    EXPECT_FALSE(a.last.is_new);
    expect_healthy();
}

TEST_F(LockFaults, a_connection_that_was_closed_is_made_again_at_once) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"CLIENT", "KILL", "TYPE", "normal"});
    step();
    EXPECT_TRUE(a.has("S1"));
    EXPECT_FALSE(a.last.is_new);
    EXPECT_EQ(here.service.stats().away, 0U);
    expect_healthy();
}

TEST_F(LockFaults, hints_come_again_after_their_connection_was_closed) {
    ASSERT_TRUE(eventually([&] { return here.service.hears() && there.service.hears(); }));
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    const int seen = b.frees();
    EXPECT_EQ(redis.command({"CLIENT", "KILL", "TYPE", "pubsub"}), "2");
    // Who waits is told to look again when the hints stand again.
    EXPECT_TRUE(b.waits_for_free(seen));
    expect_healthy();
}

TEST_F(LockFaults, a_lost_hint_costs_the_time_to_the_next_look_only) {
    ASSERT_TRUE(eventually([&] { return here.service.hears() && there.service.hears(); }));
    ASSERT_TRUE(a.has("S1"));
    redis.command({"ACL", "SETUSER", "default", "resetchannels"});
    ASSERT_TRUE(eventually([&] { return !here.service.hears() && !there.service.hears(); }));
    const int seen = a.frees() + b.frees();
    ASSERT_FALSE(b.has("S1"));
    a.hand_over({"S1"});
    ASSERT_FALSE(b.has("S1"));
    step();
    EXPECT_TRUE(a.has("S1"));
    a.hand_over({"S1"});
    EXPECT_TRUE(eventually([&] {
        step();
        return b.has("S1");
    }));
    EXPECT_EQ(a.frees() + b.frees(), seen);
    redis.command({"ACL", "SETUSER", "default", "allchannels"});
    expect_healthy();
}

TEST_F(LockFaults, a_replica_takes_no_locks) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"REPLICAOF", "127.0.0.1", "1"});
    EXPECT_TRUE(is_away(a));
    redis.command({"REPLICAOF", "NO", "ONE"});
    expect_healthy();
}

TEST_F(LockFaults, a_full_memory_takes_no_locks) {
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_TRUE(is_away(a));
    // The trial of the locator writes too: the server does not count as well while it is full.
    EXPECT_FALSE(here.service.stats().connected);
    redis.command({"CONFIG", "SET", "maxmemory", "0"});
    expect_healthy();
}

TEST_F(LockFaults, a_permission_that_is_taken_away) {
    ASSERT_TRUE(a.has("S1"));
    redis.command({"ACL", "SETUSER", "default", "-evalsha", "-eval"});
    EXPECT_TRUE(is_away(a));
    redis.command({"ACL", "SETUSER", "default", "+evalsha", "+eval"});
    expect_healthy();
}

TEST_F(LockFaults, locks_left_behind_are_given_back) {
    ASSERT_TRUE(a.has("S1"));
    redis.pause();
    step();
    a.acquire({"S1"});
    ASSERT_TRUE(a.last.away);
    redis.resume();
    ASSERT_TRUE(eventually([&] { return here.service.stats().connected; }));
    ASSERT_TRUE(eventually([&] { return a.has("S2"); }));
    EXPECT_EQ(redis.command({"EXISTS", "onhand:lock:{S1}"}), "0");
}

// --- who may come in

TEST(LockLogin, a_redis_that_is_not_there_yet_is_waited_for) {
    RedisServer redis;
    redis.kill();
    Instance instance(redis.url());
    Lane lane(instance.service);
    EXPECT_FALSE(lane.has("S1"));
    EXPECT_TRUE(lane.last.away);
    redis.start();
    EXPECT_TRUE(eventually([&] { return lane.has("S1"); }));
}

TEST(LockLogin, a_host_without_an_address_is_a_redis_that_is_away) {
    Instance instance("redis://no-such-host.invalid:6379");
    Lane lane(instance.service);
    EXPECT_FALSE(lane.has("S1"));
    EXPECT_TRUE(lane.last.away);
    EXPECT_FALSE(instance.service.stats().connected);
}

TEST(LockLogin, a_password_opens_and_a_wrong_one_does_not) {
    RedisServer redis({.arguments = {"--requirepass", "s3cret:@/"}});
    redis.login.password = "s3cret:@/";
    Instance good("redis://:s3cret%3A%40%2F@" + redis.place());
    Instance bad("redis://:wrong@" + redis.place());
    Instance none(redis.url());
    Lane good_lane(good.service);
    Lane bad_lane(bad.service);
    Lane lane_of_none(none.service);
    EXPECT_TRUE(good_lane.has("S1"));
    EXPECT_FALSE(bad_lane.has("S1"));
    EXPECT_TRUE(bad_lane.last.away);
    EXPECT_FALSE(lane_of_none.has("S1"));
    EXPECT_TRUE(lane_of_none.last.away);
    redis.command({"CONFIG", "SET", "requirepass", "wrong"});
    EXPECT_TRUE(eventually([&] { return bad_lane.has("S2"); }));
}

// All that a user of this program needs in Redis.
TEST(LockLogin, a_user_with_just_the_permissions_that_are_needed) {
    RedisServer redis;
    redis.command({"ACL",   "SETUSER", "onhand",   "on",       ">pw",   "~onhand:*", "&onhand:*", "+ping",
                   "+auth", "+select", "+eval",    "+evalsha", "+time", "+get",      "+mget",     "+set",
                   "+del",  "+incr",   "+pexpire", "+pttl",    "+scan", "+publish",  "+subscribe"});
    Instance here("redis://onhand:pw@" + redis.place());
    Instance there("redis://onhand:pw@" + redis.place());
    Lane a(here.service);
    Lane b(there.service);
    ASSERT_TRUE(eventually([&] { return here.service.hears() && there.service.hears(); }));
    ASSERT_TRUE(a.has("S1"));
    ASSERT_FALSE(b.has("S1"));
    EXPECT_EQ(here.service.held(10).size(), 1U);
    a.hand_over();
    // No clock moves: it is told.
    EXPECT_TRUE(eventually([&] { return b.has("S1"); }));
}

TEST(LockLogin, a_database_of_its_own) {
    RedisServer redis;
    Instance instance(redis.url("/3"));
    Lane lane(instance.service);
    EXPECT_TRUE(lane.has("S1"));
    redis.login.database = 3;
    EXPECT_EQ(redis.command({"EXISTS", "onhand:lock:{S1}"}), "1");
    redis.login.database = 0;
    EXPECT_EQ(redis.command({"EXISTS", "onhand:lock:{S1}"}), "0");
}

TEST(LockLogin, a_unix_socket) {
    RedisServer redis;
    RedisServer with_socket({.arguments = {"--unixsocket", redis.folder() + "/redis.sock"}});
    Instance instance("unix://" + redis.folder() + "/redis.sock?database=2");
    Lane lane(instance.service);
    EXPECT_TRUE(lane.has("S1"));
    with_socket.login.database = 2;
    EXPECT_EQ(with_socket.command({"EXISTS", "onhand:lock:{S1}"}), "1");
}

// --- clocks that step

class LockClock : public testing::Test {
  protected:
    LockClock() { set_clock(0); }

    void set_clock(long seconds) {
        const auto next = offset_file + ".next";
        std::ofstream(next) << seconds;
        std::rename(next.c_str(), offset_file.c_str());
    }
    long time() { return std::stol(redis.command({"TIME"})); }

    RedisServer files;  // for its folder
    const std::string offset_file = files.folder() + "/offset";
    RedisServer redis{{.environment = {"LD_PRELOAD=" CLOCK_SHIM, "OFFSET_FILE=" + offset_file,
                                       "ASAN_OPTIONS=verify_asan_link_order=0"}}};
    const LockOptions options{.lease = milliseconds(1500), .call_max = patient_call};
    Instance here{redis.url(), options};
    Instance there{redis.url(), options};
    Lane a{here.service};
    Lane b{there.service};

    bool takes_in_time(Lane& lane) {
        return eventually([&] {
            there.clock.advance_ms(refusal_believed.count());
            return lane.has("S1");
        });
    }
};

TEST_F(LockClock, the_shim_moves_the_clock) {
    const auto before = time();
    set_clock(3600);
    EXPECT_GE(time(), before + 3600);
}

TEST_F(LockClock, forward_ends_locks_early_and_their_holder_learns_it) {
    ASSERT_TRUE(a.has("S1"));
    set_clock(3600);
    EXPECT_TRUE(b.has("S1"));
    here.clock.advance_ms(lock_keep_max.count());
    EXPECT_FALSE(a.has("S1"));
    EXPECT_FALSE(a.last.away);
}

TEST_F(LockClock, back_does_not_make_a_dead_holder_immortal) {
    {
        Lane dead(here.service, 1);
        ASSERT_TRUE(dead.has("S1"));
    }
    set_clock(-3600);
    EXPECT_GT(std::stoi(redis.command({"PTTL", "onhand:lock:{S1}"})), 3'000'000);
    EXPECT_FALSE(b.has("S1"));
    EXPECT_LE(std::stoi(redis.command({"PTTL", "onhand:lock:{S1}"})), options.lease.count());
    EXPECT_TRUE(takes_in_time(b));
}

TEST_F(LockClock, back_does_not_make_a_dead_waiter_immortal) {
    {
        Lane dead_holder(here.service, 1);
        Lane dead_waiter(here.service, 2);
        ASSERT_TRUE(dead_holder.has("S1"));
        ASSERT_FALSE(dead_waiter.has("S1"));
    }
    set_clock(-3600);
    EXPECT_FALSE(b.has("S1"));
    EXPECT_TRUE(takes_in_time(b));
}

TEST_F(LockClock, back_does_not_keep_a_lock_that_was_given_to_the_dead) {
    ASSERT_TRUE(a.has("S1"));
    {
        Lane dead(here.service, 1);
        ASSERT_FALSE(dead.has("S1"));
    }
    a.hand_over();
    ASSERT_TRUE(eventually([&] { return !redis.command({"GET", "onhand:lock:{S1}"}).starts_with("onhand.0."); }));
    set_clock(-3600);
    EXPECT_TRUE(takes_in_time(b));
}

TEST_F(LockClock, steps_of_an_hour_to_and_fro_while_lanes_take_turns) {
    for (int n = 0; n < 20; ++n) {
        set_clock(n % 2 == 0 ? 3600 : -3600);
        EXPECT_TRUE(takes_in_time(n % 2 == 0 ? a : b));
        a.hand_over();
        b.hand_over();
        here.clock.advance_ms(refusal_believed.count());
    }
}

// --- answers that make no sense

struct Nonsense {
    const char* name;
    std::string answer;  // to every script
    friend std::ostream& operator<<(std::ostream& out, const Nonsense& nonsense) { return out << nonsense.name; }
};

class LockNonsense : public testing::TestWithParam<Nonsense> {};

TEST_P(LockNonsense, is_taken_as_a_redis_that_is_away) {
    FakeRedis redis([](std::string_view command) {
        return command == "EVALSHA" || command == "EVAL" ? GetParam().answer : std::string("+PONG\r\n");
    });
    Instance instance(redis.url(), LockOptions{});
    Lane lane(instance.service);
    for (int batch = 0; batch < 5; ++batch) {
        EXPECT_EQ(lane.acquire({"S1", "S2"}), (std::vector<bool>{true, true}));
        EXPECT_TRUE(lane.last.away);
        EXPECT_FALSE(lane.last.is_new);
        lane.hand_over({"S1"});
    }
    lane.locks->release_all();
    EXPECT_TRUE(instance.service.held(10).empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, LockNonsense,
    testing::Values(Nonsense{"loading", "-LOADING Redis is loading the dataset in memory\r\n"},
                    Nonsense{"master_down", "-MASTERDOWN Link with MASTER is down\r\n"},
                    Nonsense{"busy", "-BUSY Redis is busy running a script\r\n"},
                    Nonsense{"not_allowed", "-NOPERM this user has no permissions\r\n"},
                    Nonsense{"not_signed_in", "-NOAUTH Authentication required.\r\n"},
                    Nonsense{"unknown_script_always", "-NOSCRIPT No matching script.\r\n"},
                    Nonsense{"moved_though_no_cluster", "-MOVED 3999 127.0.0.1:6381\r\n"},
                    Nonsense{"moved_to_nowhere", "-MOVED\r\n"}, Nonsense{"ask_nonsense", "-ASK 1 :x\r\n"},
                    Nonsense{"number", ":5\r\n"}, Nonsense{"nil", "$-1\r\n"}, Nonsense{"text", "$3\r\nabc\r\n"},
                    Nonsense{"empty_array", "*0\r\n"}, Nonsense{"nil_array", "*-1\r\n"},
                    Nonsense{"array_of_text", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
                    Nonsense{"unknown_results", "*2\r\n:99\r\n:-1\r\n"}, Nonsense{"half_an_answer", "*2\r\n:1\r\n"},
                    Nonsense{"half_and_closed", FakeRedis::and_close("*2\r\n:1\r\n")},
                    Nonsense{"closed", FakeRedis::and_close("")}, Nonsense{"silence", ""},
                    Nonsense{"huge_text", "$999999999999\r\nabc"}, Nonsense{"huge_array", "*2000000000\r\n:1\r\n"},
                    Nonsense{"large_array", "*1000001\r\n:1\r\n"}, Nonsense{"negative_length", "$-7\r\n"},
                    Nonsense{"negative_array", "*-7\r\n"},
                    Nonsense{"deep", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
                    Nonsense{"another_protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"},
                    Nonsense{"error_with_line_end", "-ERR one\r\n-ERR two\r\n"}),
    [](const auto& nonsense) { return nonsense.param.name; });

TEST(LockSilence, a_server_that_never_answers_is_asked_a_few_times_only) {
    FakeRedis redis([](std::string_view command) { return command == "PING" ? std::string("+PONG\r\n") : ""; });
    Instance instance(redis.url(), LockOptions{});
    Lane lane(instance.service);
    for (int batch = 0; batch < 2000; ++batch) EXPECT_TRUE(lane.acquire({"S1"}).front());
    EXPECT_EQ(instance.service.stats().away, 2000U);
    EXPECT_EQ(redis.count("EVALSHA"), 1);
}

}  // namespace
}  // namespace onhand::bus::redis
