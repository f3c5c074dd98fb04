// Scenario tables: each step is an input at a time, and the words that come out.
#include "transport/socketio/engine_session.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;

std::string word(const EngineAction& action) {
    switch (action.kind) {
        case EngineAction::Kind::answer_get:
            return "answer " + std::to_string(action.status) + " " + action.body;
        case EngineAction::Kind::send:
            return "send " + std::string(action.frame.polling_text());
        case EngineAction::Kind::send_candidate:
            return "candidate " + std::string(action.frame.polling_text());
        case EngineAction::Kind::close_candidate:
            return "close candidate";
        case EngineAction::Kind::promote:
            return "promote";
        case EngineAction::Kind::closed:
            return "closed: " + std::string(to_text(action.reason));
    }
    return "?";
}

// Drives a session by short commands and joins its actions with " | ".
class Driver {
  public:
    explicit Driver(Transport transport) : session(transport, times(), start) {}

    std::string get(int at) {
        const auto verdict = session.on_get(start + milliseconds(at), actions_);
        return name(verdict) + take();
    }
    std::string post() {
        const auto verdict = session.on_post_begin(actions_);
        return name(verdict) + take();
    }
    std::string packet(std::string_view text, int at) {
        const bool message = session.on_packet(*decode_engine_packet(text), start + milliseconds(at), actions_);
        return (message ? "message" : "") + take();
    }
    std::string probe(std::string_view text, int at) {
        session.on_candidate_packet(decode_engine_packet(text), start + milliseconds(at), actions_);
        return take();
    }
    std::string emit(std::string_view text) {
        session.buffer(Frame::text({text}));
        session.flush(actions_);
        return take();
    }
    std::string time(int at) {
        session.on_time(start + milliseconds(at), actions_);
        return take();
    }
    std::string close(int at) {
        session.close(start + milliseconds(at), actions_);
        return take();
    }
    std::string shut_down(int at) {
        session.shut_down(start + milliseconds(at), actions_);
        return take();
    }
    std::string abort_get() {
        session.on_get_aborted(actions_);
        return take();
    }
    // A WebSocket came to take over, and its probe was answered.
    void begin_upgrade() {
        EXPECT_TRUE(candidate(0));
        EXPECT_EQ(probe("2probe", 0), " | candidate 3probe");
    }
    bool candidate(int at) { return session.on_candidate(start + milliseconds(at)); }
    int deadline() const {
        return static_cast<int>(std::chrono::duration_cast<milliseconds>(session.deadline() - start).count());
    }

    EngineSession session;

  private:
    static constexpr TimePoint start{};
    static EngineTimes times() { return EngineTimes{milliseconds(300), milliseconds(200), milliseconds(1000)}; }
    static std::string name(EngineSession::RequestVerdict verdict) {
        if (verdict == EngineSession::RequestVerdict::overlap) return "overlap";
        return verdict == EngineSession::RequestVerdict::accepted ? "" : "wrong transport";
    }
    std::string take() {
        std::string out;
        for (const auto& action : actions_) out += " | " + word(action);
        actions_.clear();
        return out;
    }
    EngineActions actions_;
};

TEST(EnginePolling, holds_a_get_until_there_is_something) {
    Driver driver(Transport::polling);
    EXPECT_EQ(driver.get(0), "");
    EXPECT_TRUE(driver.session.get_held());
    EXPECT_EQ(driver.emit("4a"), " | answer 200 4a");
    EXPECT_EQ(driver.emit("4b"), "");
    EXPECT_EQ(driver.emit("4c"), "");
    EXPECT_EQ(driver.session.buffered_bytes(), 8U);
    EXPECT_EQ(driver.get(1),
              " | answer 200 4b\x1e"
              "4c");
    EXPECT_FALSE(driver.session.get_held());
    EXPECT_EQ(driver.packet("4x", 2), "message");
}

TEST(EnginePolling, ends_on_overlapping_gets_and_posts) {
    Driver gets(Transport::polling);
    gets.get(0);
    EXPECT_EQ(gets.get(1), "overlap | answer 200 1 | closed: transport error");
    EXPECT_TRUE(gets.session.gone());

    Driver posts(Transport::polling);
    EXPECT_EQ(posts.post(), "");
    EXPECT_EQ(posts.post(), "overlap | closed: transport error");

    Driver one_after_the_other(Transport::polling);
    EXPECT_EQ(one_after_the_other.post(), "");
    one_after_the_other.session.on_post_end();
    EXPECT_EQ(one_after_the_other.post(), "");
}

TEST(EnginePolling, ends_when_the_held_get_is_cut) {
    Driver driver(Transport::polling);
    EXPECT_EQ(driver.abort_get(), "");
    driver.get(0);
    EXPECT_EQ(driver.abort_get(), " | closed: transport error");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EnginePolling, answers_the_held_get_with_a_noop_when_the_client_leaves) {
    Driver driver(Transport::polling);
    driver.get(0);
    EXPECT_EQ(driver.packet("1", 1), " | answer 200 6 | closed: transport close");
    EXPECT_EQ(driver.packet("4late", 2), "");
}

TEST(EnginePolling, ignores_senseless_packets_and_ends_on_a_ping) {
    Driver driver(Transport::polling);
    for (const char* text : {"0", "5", "6"}) EXPECT_EQ(driver.packet(text, 1), "");
    EXPECT_EQ(driver.packet("2", 1), " | closed: transport error");
}

TEST(EnginePolling, delivers_what_waits_for_its_flush_before_the_end) {
    Driver driver(Transport::polling);
    driver.get(0);
    driver.session.buffer(Frame::text({"41"}));
    EXPECT_EQ(driver.packet("1", 1), " | answer 200 41 | closed: transport close");
}

TEST(EngineHeartbeat, pings_an_interval_after_each_pong) {
    Driver driver(Transport::polling);
    driver.get(0);
    EXPECT_EQ(driver.deadline(), 300);
    EXPECT_EQ(driver.time(299), "");
    EXPECT_EQ(driver.time(300), " | answer 200 2");
    EXPECT_EQ(driver.deadline(), 500);
    EXPECT_EQ(driver.packet("3", 400), "");
    EXPECT_EQ(driver.deadline(), 700);
    EXPECT_EQ(driver.packet("3", 450), "");  // unasked for: only restarts the interval
    EXPECT_EQ(driver.deadline(), 750);
}

TEST(EngineHeartbeat, ends_exactly_at_interval_plus_timeout) {
    Driver polling(Transport::polling);
    EXPECT_EQ(polling.time(303), "");  // a little late; the deadline stays where it was
    EXPECT_EQ(polling.deadline(), 500);
    EXPECT_EQ(polling.time(499), "");
    EXPECT_EQ(polling.time(500), " | closed: ping timeout");
    EXPECT_TRUE(polling.session.gone());

    Driver websocket(Transport::websocket);
    EXPECT_EQ(websocket.time(300), " | send 2");
    EXPECT_EQ(websocket.time(500), " | closed: ping timeout");
}

TEST(EngineHeartbeat, gives_the_client_its_time_after_the_server_stalled) {
    Driver driver(Transport::websocket);
    EXPECT_EQ(driver.time(2000), " | send 2");
    EXPECT_EQ(driver.deadline(), 2200);
}

TEST(EngineUpgrade, switches_after_the_probe) {
    Driver driver(Transport::polling);
    driver.get(0);
    EXPECT_TRUE(driver.candidate(1));
    EXPECT_FALSE(driver.candidate(1));
    EXPECT_EQ(driver.probe("2probe", 2), " | candidate 3probe | answer 200 6");
    EXPECT_EQ(driver.emit("4kept"), "");
    EXPECT_EQ(driver.probe("5", 3), " | promote");
    EXPECT_EQ(driver.session.take_buffered().at(0).polling_text(), "4kept");
    EXPECT_EQ(driver.get(4), "wrong transport");
    EXPECT_EQ(driver.post(), "wrong transport");
    EXPECT_FALSE(driver.candidate(4));
    EXPECT_EQ(driver.packet("4a", 5), "message");
    EXPECT_EQ(driver.packet("5", 5), "");
}

TEST(EngineUpgrade, finishes_gets_during_the_probe_ever_more_slowly) {
    Driver driver(Transport::polling);
    driver.begin_upgrade();
    EXPECT_EQ(driver.get(1), "");
    EXPECT_EQ(driver.deadline(), 11);
    EXPECT_EQ(driver.time(11), " | answer 200 6");
    EXPECT_EQ(driver.get(12), "");
    EXPECT_EQ(driver.deadline(), 111);
    EXPECT_EQ(driver.emit("4a"), " | answer 200 4a");
    EXPECT_EQ(driver.get(200), "");
    EXPECT_EQ(driver.deadline(), 210);
    // A get that overtook the upgrade packet is refused, not answered.
    EXPECT_EQ(driver.probe("5", 205), " | answer 400 {\"code\":3,\"message\":\"Bad request\"} | promote");
}

TEST(EngineUpgrade, drops_a_websocket_that_says_anything_else) {
    for (const char* text : {"2", "2prob", "4message", "3", "6", "x", ""}) {
        Driver driver(Transport::polling);
        driver.get(0);
        driver.candidate(0);
        EXPECT_EQ(driver.probe(text, 1), " | close candidate") << text;
        EXPECT_EQ(driver.emit("4a"), " | answer 200 4a");
        EXPECT_TRUE(driver.candidate(2));
    }
}

TEST(EngineUpgrade, goes_on_polling_when_the_websocket_closes_or_takes_too_long) {
    Driver driver(Transport::polling);
    driver.candidate(0);
    driver.session.on_candidate_closed();
    EXPECT_EQ(driver.probe("5", 1), "");
    EXPECT_TRUE(driver.session.open());
    EXPECT_EQ(driver.packet("3", 900), "");
    driver.candidate(0);
    EXPECT_EQ(driver.time(1000), " | close candidate");
    EXPECT_TRUE(driver.session.open());
    EXPECT_EQ(driver.session.transport(), Transport::polling);
}

TEST(EngineUpgrade, accepts_an_upgrade_without_probe_and_cancels_the_ping_timeout) {
    Driver driver(Transport::polling);
    driver.candidate(0);
    driver.time(300);  // a ping is queued
    EXPECT_EQ(driver.probe("5", 400), " | promote");
    EXPECT_EQ(driver.deadline(), 700);
}

TEST(EngineUpgrade, is_refused_to_sessions_opened_over_websocket) {
    Driver driver(Transport::websocket);
    EXPECT_FALSE(driver.candidate(1));
    EXPECT_EQ(driver.get(1), "wrong transport");
}

TEST(EngineClose, tells_a_held_get_at_once) {
    Driver driver(Transport::polling);
    driver.get(0);
    EXPECT_EQ(driver.close(1), " | answer 200 1 | closed: forced close");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineClose, is_remembered_until_the_next_gets) {
    Driver driver(Transport::polling);
    driver.emit("4last");
    EXPECT_EQ(driver.close(1), " | closed: forced close");
    EXPECT_FALSE(driver.session.open());
    EXPECT_EQ(driver.emit("4too late"), "");
    EXPECT_EQ(driver.packet("4ignored", 2), "");
    EXPECT_EQ(driver.get(3), " | answer 200 4last");
    EXPECT_FALSE(driver.session.gone());
    EXPECT_EQ(driver.get(4),
              " | answer 200 6\x1e"
              "1");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineClose, is_forgotten_in_the_end) {
    Driver driver(Transport::polling);
    driver.close(0);
    EXPECT_EQ(driver.deadline(), 30000);
    EXPECT_EQ(driver.time(29999), "");
    EXPECT_FALSE(driver.session.gone());
    EXPECT_EQ(driver.time(30000), "");
    EXPECT_TRUE(driver.session.gone());
}

// A client that has stopped polling for its upgrade asks no more, so only the WebSocket can tell it the end.
TEST(EngineClose, lets_an_upgrade_end_that_the_close_meets) {
    Driver driver(Transport::polling);
    driver.begin_upgrade();
    EXPECT_EQ(driver.emit("41"), "");
    EXPECT_EQ(driver.close(1), " | closed: forced close");
    EXPECT_FALSE(driver.session.open());
    EXPECT_FALSE(driver.session.gone());
    EXPECT_EQ(driver.probe("5", 2), " | promote | closed: forced close");
    EXPECT_EQ(driver.session.take_buffered().count(), 1U);
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineClose, ends_an_upgrade_that_takes_too_long) {
    Driver driver(Transport::polling);
    EXPECT_TRUE(driver.candidate(0));
    EXPECT_EQ(driver.close(1), " | closed: forced close");
    EXPECT_EQ(driver.deadline(), 1000);
    EXPECT_EQ(driver.time(1000), " | close candidate");
    EXPECT_FALSE(driver.session.gone());
    EXPECT_EQ(driver.time(30001), "");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineClose, ends_an_upgrade_whose_client_still_polls) {
    Driver driver(Transport::polling);
    EXPECT_TRUE(driver.candidate(0));
    driver.close(1);
    EXPECT_EQ(driver.get(2),
              " | answer 200 6\x1e"
              "1 | close candidate");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineShutDown, is_immediate_without_an_answered_probe) {
    Driver websocket(Transport::websocket);
    EXPECT_EQ(websocket.shut_down(1), " | closed: server shutting down");
    EXPECT_TRUE(websocket.session.gone());
    Driver polling(Transport::polling);
    EXPECT_TRUE(polling.candidate(0));
    polling.get(0);
    EXPECT_EQ(polling.shut_down(1), " | answer 200 1 | close candidate | closed: server shutting down");
    EXPECT_TRUE(polling.session.gone());
}

TEST(EngineShutDown, lets_an_upgrade_end_for_a_second) {
    for (const bool in_time : {true, false}) {
        Driver driver(Transport::polling);
        driver.begin_upgrade();
        EXPECT_EQ(driver.emit("4last"), "");
        EXPECT_EQ(driver.shut_down(500), " | closed: server shutting down");
        EXPECT_FALSE(driver.session.gone());
        if (in_time) {
            EXPECT_EQ(driver.probe("5", 501), " | promote | closed: server shutting down");
            EXPECT_EQ(driver.session.take_buffered().count(), 1U);
        } else {
            EXPECT_EQ(driver.time(999), "");
            EXPECT_EQ(driver.time(1500), " | close candidate");
        }
        EXPECT_TRUE(driver.session.gone());
    }
}

TEST(EngineShutDown, answers_a_get_that_came_during_the_upgrade) {
    Driver driver(Transport::polling);
    driver.begin_upgrade();
    driver.get(1);
    EXPECT_EQ(driver.shut_down(2), " | answer 200 1 | close candidate | closed: server shutting down");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineShutDown, waits_no_longer_for_a_session_that_was_closed_before) {
    Driver driver(Transport::polling);
    driver.begin_upgrade();
    EXPECT_EQ(driver.close(1), " | closed: forced close");
    EXPECT_EQ(driver.shut_down(100), "");
    EXPECT_FALSE(driver.session.gone());
    EXPECT_EQ(driver.deadline(), 1000);
    EXPECT_EQ(driver.time(1100), " | close candidate");
    EXPECT_TRUE(driver.session.gone());
}

TEST(EngineClose, of_a_websocket_session_is_immediate) {
    Driver driver(Transport::websocket);
    EXPECT_EQ(driver.close(1), " | closed: forced close");
    EXPECT_TRUE(driver.session.gone());
    EXPECT_EQ(driver.close(2), "");
    EXPECT_EQ(driver.time(5000), "");
}

}  // namespace
}  // namespace onhand::socketio
