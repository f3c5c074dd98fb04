#include "transport/socketio/recovery_log.hpp"

#include <gtest/gtest.h>

#include <string>

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;
constexpr TimePoint start{};
constexpr unsigned io_threads = 2;

class RecoveryLogTest : public testing::Test {
  protected:
    void record(std::string_view name, Target target = {}, std::optional<unsigned> only = {}, TimePoint now = start,
                std::string_view nsp = "/") {
        woken = log.record(nsp, event_json(name, ""), {}, std::move(target), only, now);
    }
    static LostSession lost(std::vector<std::string> rooms = {}) {
        LostSession session;
        session.private_id = "secret";
        session.socket_id = "me";
        session.nsp = "/";
        session.rooms = std::move(rooms);
        return session;
    }
    // What the session missed, as text.
    std::string missed(const LostSession& session, std::string_view offset, TimePoint now = start) {
        const auto found = log.missed(session, offset, 0, now);
        if (!found) return "lost";
        return texts(found->events);
    }
    static std::string texts(const std::vector<RecordedEventPtr>& events) {
        std::string out;
        for (const auto& event : events) out += std::string(event->packet.head.polling_text()) + " ";
        return out;
    }

    RecoveryLog log{{milliseconds(1000), 1000, 2}, io_threads};
    std::vector<unsigned> woken;
};

TEST_F(RecoveryLogTest, numbers_events_and_wakes_each_thread_once) {
    record("a");
    EXPECT_EQ(woken, (std::vector<unsigned>{0, 1}));
    record("b");
    EXPECT_TRUE(woken.empty());
    EXPECT_EQ(texts(log.take_inbox(0)), "42[\"a\",\"1\"] 42[\"b\",\"2\"] ");
    record("c", {}, 1);
    EXPECT_TRUE(woken.empty());
    record("d", {}, 0);
    EXPECT_EQ(woken, std::vector<unsigned>{0});
    EXPECT_EQ(texts(log.take_inbox(0)), "42[\"d\",\"4\"] ");
    EXPECT_EQ(texts(log.take_inbox(1)), "42[\"a\",\"1\"] 42[\"b\",\"2\"] 42[\"c\",\"3\"] ");
}

TEST_F(RecoveryLogTest, gives_a_session_what_it_missed_and_nothing_else) {
    Target room, other, me, but_me;
    room.rooms = {"room", "other"};
    other.rooms = {"other"};
    me.rooms = {"me"};
    but_me.except = {"me"};
    record("seen");
    record("all");
    record("room", room);
    record("other", other);
    record("me", me);
    record("but me", but_me);
    record("elsewhere", {}, {}, start, "/elsewhere");
    EXPECT_EQ(missed(lost({"room"}), "1"), "42[\"all\",\"2\"] 42[\"room\",\"3\"] 42[\"me\",\"5\"] ");
    EXPECT_EQ(missed(lost(), "7"), "");
}

TEST_F(RecoveryLogTest, hands_the_inbox_over_together_with_what_was_missed) {
    record("a");
    record("b");
    const auto found = log.missed(lost(), "1", 1, start);
    ASSERT_TRUE(found);
    EXPECT_EQ(texts(found->inbox), "42[\"a\",\"1\"] 42[\"b\",\"2\"] ");
    EXPECT_TRUE(log.take_inbox(1).empty());
    EXPECT_EQ(log.take_inbox(0).size(), 2u);
}

TEST_F(RecoveryLogTest, knows_only_offsets_of_its_own) {
    record("a");
    for (const char* offset : {"", "2", "-1", "x", "1x", " 1", "99999999999999999999"}) {
        EXPECT_EQ(missed(lost(), offset), "lost") << offset;
    }
    EXPECT_EQ(missed(lost(), "1"), "");
}

TEST_F(RecoveryLogTest, forgets_events_by_age) {
    record("a");
    record("b", {}, {}, start + milliseconds(600));
    EXPECT_EQ(missed(lost(), "0", start + milliseconds(1000)), "42[\"a\",\"1\"] 42[\"b\",\"2\"] ");
    EXPECT_EQ(missed(lost(), "0", start + milliseconds(1001)), "lost");
    EXPECT_EQ(missed(lost(), "1", start + milliseconds(1001)), "42[\"b\",\"2\"] ");
}

TEST_F(RecoveryLogTest, forgets_events_by_size) {
    record(std::string(400, 'a'));
    record(std::string(400, 'b'));
    EXPECT_NE(missed(lost(), "0"), "lost");
    record(std::string(400, 'c'));
    EXPECT_EQ(missed(lost(), "0"), "lost");
    EXPECT_NE(missed(lost(), "1"), "lost");
}

TEST_F(RecoveryLogTest, gives_a_lost_session_back_once_and_in_time) {
    log.keep(lost(), start);
    EXPECT_FALSE(log.take("other", "/", start));
    EXPECT_FALSE(log.take("secret", "/other", start));
    EXPECT_TRUE(log.take("secret", "/", start + milliseconds(1000)));
    EXPECT_FALSE(log.take("secret", "/", start));
    log.keep(lost(), start);
    EXPECT_FALSE(log.take("secret", "/", start + milliseconds(1001)));
}

TEST_F(RecoveryLogTest, counts_the_time_of_a_session_lost_again_anew) {
    log.keep(lost(), start);
    EXPECT_TRUE(log.take("secret", "/", start));
    log.keep(lost(), start + milliseconds(600));
    EXPECT_TRUE(log.take("secret", "/", start + milliseconds(1500)));
}

TEST_F(RecoveryLogTest, keeps_a_bounded_number_of_sessions) {
    for (const char* id : {"first", "second", "third"}) {
        auto session = lost();
        session.private_id = id;
        log.keep(std::move(session), start);
    }
    EXPECT_FALSE(log.take("first", "/", start));
    EXPECT_TRUE(log.take("second", "/", start));
    EXPECT_TRUE(log.take("third", "/", start));
}

}  // namespace
}  // namespace onhand::socketio
