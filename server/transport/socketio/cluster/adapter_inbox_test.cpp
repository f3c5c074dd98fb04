#include "transport/socketio/cluster/adapter_inbox.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace onhand::socketio {
namespace {

constexpr std::size_t bytes_max = 100'000;

SendBroadcast broadcast(std::size_t bytes = 10) {
    return SendBroadcast{"/", {std::string(bytes, 'x'), {}}, {}};
}

Ask ask(std::size_t bytes, int& calls) {
    Ask command;
    command.nsp = "/";
    command.message.event.json = std::string(bytes, 'x');
    command.done = JsonAnswersHandler([&calls](const auto&) { ++calls; });
    return command;
}

bool wakes(const AdapterInbox& inbox) {
    pollfd polled{inbox.wake_descriptor(), POLLIN, 0};
    return ::poll(&polled, 1, 0) == 1;
}

TEST(AdapterInbox, gives_commands_in_their_order) {
    AdapterInbox inbox(10, bytes_max);
    inbox.push(AddNamespace{"/a"});
    inbox.push(broadcast());
    inbox.push(RemoveNamespace{"/a"});
    EXPECT_TRUE(std::holds_alternative<AddNamespace>(*inbox.take()));
    EXPECT_TRUE(std::holds_alternative<SendBroadcast>(*inbox.take()));
    EXPECT_TRUE(std::holds_alternative<RemoveNamespace>(*inbox.take()));
    EXPECT_FALSE(inbox.take());
    EXPECT_EQ(inbox.counters.dropped, 0U);
}

TEST(AdapterInbox, drops_and_counts_what_is_above_the_number) {
    AdapterInbox inbox(2, bytes_max);
    for (int i = 0; i < 5; ++i) inbox.push(broadcast());
    EXPECT_EQ(inbox.counters.dropped, 3U);
    inbox.push(AddNamespace{"/a"});
    EXPECT_TRUE(inbox.take());
    inbox.push(broadcast());
    EXPECT_EQ(inbox.counters.dropped, 3U);
    int left = 0;
    while (inbox.take()) ++left;
    EXPECT_EQ(left, 3);
}

TEST(AdapterInbox, drops_and_counts_what_is_above_the_bytes) {
    AdapterInbox inbox(10, bytes_max);
    inbox.push(broadcast(bytes_max));
    EXPECT_EQ(inbox.counters.dropped, 1U);
    inbox.push(broadcast(bytes_max / 2));
    inbox.push(broadcast(bytes_max / 2));
    EXPECT_EQ(inbox.counters.dropped, 2U);
    EXPECT_TRUE(inbox.take());
    inbox.push(broadcast(bytes_max / 2));
    EXPECT_EQ(inbox.counters.dropped, 2U);
    inbox.push(SendBroadcast{"/", {"", {std::string(bytes_max / 2, 'x')}}, {}});
    inbox.push(SendBroadcast{"/", {}, Target{std::vector(100, std::string(bytes_max / 200, 'x')), {}, false}});
    RemoteSocket socket{"id", {}, std::string(bytes_max / 2, 'x'), ""};
    inbox.push(SendResponse{"/", {"r", SocketsAnswer{{socket}}}});
    EXPECT_EQ(inbox.counters.dropped, 5U);
}

TEST(AdapterInbox, keeps_the_handler_of_a_question_that_finds_no_room) {
    AdapterInbox inbox(1, bytes_max);
    int calls = 0;
    inbox.push(ask(10, calls));
    inbox.push(ask(10, calls));
    EXPECT_EQ(inbox.counters.dropped, 1U);
    EXPECT_FALSE(std::get<Ask>(*inbox.take()).refused);
    const auto refused = std::get<Ask>(*inbox.take());
    EXPECT_TRUE(refused.refused);
    EXPECT_TRUE(refused.message.event.json.empty());
    EXPECT_EQ(calls, 0);
    answer_nothing(refused.done, true);
    EXPECT_EQ(calls, 1);
    inbox.push(broadcast());
    EXPECT_EQ(inbox.counters.dropped, 1U);
}

TEST(AdapterInbox, wakes_its_thread_and_ends_only_when_it_is_empty) {
    AdapterInbox inbox(10, bytes_max);
    EXPECT_FALSE(wakes(inbox));
    inbox.push(broadcast());
    EXPECT_TRUE(wakes(inbox));
    inbox.reset_wake();
    EXPECT_FALSE(wakes(inbox));
    inbox.request_stop();
    EXPECT_TRUE(wakes(inbox));
    EXPECT_TRUE(inbox.stop_requested());
    inbox.push(broadcast());
    EXPECT_TRUE(inbox.take_last());
    EXPECT_TRUE(inbox.take_last());
    EXPECT_FALSE(inbox.take_last());
    inbox.push(broadcast());
    EXPECT_FALSE(inbox.take_last());
}

}  // namespace
}  // namespace onhand::socketio
