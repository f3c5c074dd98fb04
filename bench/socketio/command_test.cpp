#include "socketio/command.hpp"

#include <gtest/gtest.h>

namespace onhand::bench::socketio {
namespace {

TEST(SioCommand, reads_a_broadcast) {
    const auto command = parse_command("broadcast 400 10");
    ASSERT_TRUE(command);
    EXPECT_FALSE(command->asks_back);
    EXPECT_EQ(command->rounds, 400U);
    EXPECT_EQ(command->burst, 10U);
}

TEST(SioCommand, reads_a_question) {
    const auto command = parse_command("ack 7");
    ASSERT_TRUE(command);
    EXPECT_TRUE(command->asks_back);
    EXPECT_EQ(command->rounds, 7U);
}

TEST(SioCommand, refuses_anything_else) {
    for (const auto* const line : {"", "broadcast", "broadcast 1", "broadcast 1 2 3", "broadcast 0 1", "broadcast 1 0",
                                   "broadcast 1000001 1", "broadcast 1 1001", "broadcast -1 1", "ack", "ack 1 1",
                                   "ack x", "shout 1 1", " broadcast 1 1", "broadcast  1 1", "broadcast 1 1 "})
        EXPECT_FALSE(parse_command(line)) << line;
}

}  // namespace
}  // namespace onhand::bench::socketio
