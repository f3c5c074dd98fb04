#include "transport/socketio/cluster/pending_requests.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

using std::chrono::seconds;

constexpr SteadyTime start{seconds(1000)};

// A handler that writes down what it got.
template <class Kind>
struct Outcome {
    int calls = 0;
    ClusterAnswers<Kind> answers;

    std::function<void(ClusterAnswers<Kind>)> handler() {
        return [this](ClusterAnswers<Kind> got) {
            ++calls;
            answers = std::move(got);
        };
    }
};

ResponseMessage sockets(std::string id, std::size_t count) {
    return {std::move(id), SocketsAnswer{std::vector<RemoteSocket>(count)}};
}

TEST(PendingRequests, ends_a_question_with_the_last_answer) {
    PendingRequests pending(10);
    Outcome<RemoteSocket> outcome;
    pending.add("a", RequestType::remote_fetch, start + seconds(5), outcome.handler());
    EXPECT_TRUE(pending.set_servers("a", 2));
    pending.on_response(sockets("a", 2));
    EXPECT_EQ(outcome.calls, 0);
    pending.on_response(sockets("a", 0));
    EXPECT_EQ(outcome.calls, 1);
    EXPECT_FALSE(outcome.answers.timed_out);
    EXPECT_EQ(outcome.answers.answers.size(), 2U);
    pending.on_response(sockets("a", 1));
    pending.expire(start + seconds(10));
    EXPECT_EQ(outcome.calls, 1);
    EXPECT_TRUE(pending.empty());
    EXPECT_EQ(pending.deadline(), std::nullopt);
}

TEST(PendingRequests, ends_a_question_to_nobody_at_once) {
    PendingRequests pending(10);
    Outcome<JsonData> outcome;
    pending.add("a", RequestType::server_side_emit, start, outcome.handler());
    EXPECT_FALSE(pending.set_servers("a", 0));
    EXPECT_EQ(outcome.calls, 1);
    EXPECT_FALSE(outcome.answers.timed_out);
    EXPECT_FALSE(pending.set_servers("a", 1));
}

TEST(PendingRequests, waits_for_every_client_of_every_server) {
    PendingRequests pending(10);
    Outcome<JsonData> outcome;
    pending.add("a", RequestType::broadcast, start + seconds(5), outcome.handler());
    pending.set_servers("a", 2);
    pending.on_response({"a", ClientAckAnswer{{"1", {}}}});
    pending.on_response({"a", ClientCountAnswer{2}});
    pending.on_response({"a", ClientCountAnswer{0}});
    EXPECT_EQ(outcome.calls, 0);
    pending.on_response({"a", ClientAckAnswer{{"2", {}}}});
    EXPECT_EQ(outcome.calls, 1);
    EXPECT_EQ(outcome.answers.answers.size(), 2U);
}

TEST(PendingRequests, waits_until_it_knows_how_many_servers_there_are) {
    PendingRequests pending(10);
    Outcome<JsonData> outcome;
    pending.add("a", RequestType::server_side_emit, start + seconds(5), outcome.handler());
    pending.on_response({"a", ServerSideEmitAnswer{{"1", {}}}});
    EXPECT_EQ(outcome.calls, 0);
    pending.set_servers("a", 1);
    EXPECT_EQ(outcome.calls, 1);
}

TEST(PendingRequests, ends_late_questions_with_what_has_come) {
    PendingRequests pending(10);
    Outcome<RemoteSocket> first;
    Outcome<RemoteSocket> second;
    pending.add("a", RequestType::remote_fetch, start + seconds(5), first.handler());
    pending.add("b", RequestType::remote_fetch, start + seconds(4), second.handler());
    EXPECT_EQ(pending.deadline(), start + seconds(4));
    pending.set_servers("b", 2);
    pending.on_response(sockets("b", 3));
    pending.expire(start + seconds(4));
    EXPECT_EQ(first.calls, 0);
    EXPECT_EQ(second.calls, 1);
    EXPECT_TRUE(second.answers.timed_out);
    EXPECT_EQ(second.answers.answers.size(), 3U);
    EXPECT_EQ(pending.deadline(), start + seconds(5));
    pending.end_all();
    EXPECT_EQ(first.calls, 1);
    EXPECT_TRUE(first.answers.timed_out);
}

TEST(PendingRequests, ignores_answers_of_another_kind_and_to_others) {
    PendingRequests pending(10);
    Outcome<RemoteSocket> outcome;
    pending.add("a", RequestType::remote_fetch, start, outcome.handler());
    pending.set_servers("a", 1);
    pending.on_response({"a", DoneAnswer{}});
    pending.on_response({"a", RoomsAnswer{}});
    pending.on_response({"a", SocketIdsAnswer{}});
    pending.on_response({"a", ClientCountAnswer{0}});
    pending.on_response({"a", ClientAckAnswer{{"1", {}}}});
    pending.on_response({"a", ServerSideEmitAnswer{{"1", {}}}});
    pending.on_response(sockets("b", 1));
    EXPECT_EQ(outcome.calls, 0);
    Outcome<JsonData> broadcast;
    pending.add("b", RequestType::broadcast, start, broadcast.handler());
    pending.set_servers("b", 1);
    pending.on_response(sockets("b", 1));
    pending.on_response({"b", ServerSideEmitAnswer{{"1", {}}}});
    EXPECT_EQ(broadcast.calls, 0);
}

TEST(PendingRequests, leaves_out_answers_above_the_bound_and_says_so) {
    PendingRequests pending(10);
    Outcome<RemoteSocket> outcome;
    pending.add("a", RequestType::remote_fetch, start, outcome.handler());
    pending.set_servers("a", 2);
    pending.on_response(sockets("a", answers_max));
    pending.on_response(sockets("a", 1));
    EXPECT_EQ(outcome.answers.answers.size(), answers_max);
    EXPECT_TRUE(outcome.answers.timed_out);
}

TEST(PendingRequests, says_when_it_is_full) {
    PendingRequests pending(1);
    Outcome<JsonData> outcome;
    EXPECT_FALSE(pending.full());
    pending.add("a", RequestType::broadcast, start, outcome.handler());
    EXPECT_TRUE(pending.full());
    pending.end_all();
    EXPECT_FALSE(pending.full());
}

TEST(PendingRequests, lets_a_handler_ask_again) {
    PendingRequests pending(10);
    int calls = 0;
    const JsonAnswersHandler second = [&](const auto&) { ++calls; };
    const JsonAnswersHandler first = [&](const auto&) {
        ++calls;
        pending.add("b", RequestType::broadcast, start + seconds(5), second);
    };
    pending.add("a", RequestType::broadcast, start, first);
    pending.expire(start);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(pending.empty());
}

}  // namespace
}  // namespace onhand::socketio
