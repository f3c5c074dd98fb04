#include "transport/socketio/socket_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "transport/socketio/socket.hpp"

namespace onhand::socketio {
namespace {

class SocketTableTest : public testing::Test {
  protected:
    SocketTableTest() {
        for (const char* id : {"a", "b", "c"}) {
            Socket::Parts parts;
            parts.id = id;
            sockets.push_back(std::make_shared<Socket>(std::move(parts)));
            table.add(sockets.back());
        }
        table.join("red", *sockets[0]);
        table.join("red", *sockets[1]);
        table.join("blue", *sockets[1]);
        table.join("blue", *sockets[2]);
    }

    // The ids visited, sorted.
    std::string visited(std::vector<std::string> rooms, std::vector<std::string> except = {}) const {
        Target target;
        target.rooms = std::move(rooms);
        target.except = std::move(except);
        std::string ids;
        table.for_each(target, [&](Socket& socket) { ids += socket.id(); });
        std::sort(ids.begin(), ids.end());
        EXPECT_EQ(table.select(target).size(), ids.size());
        return ids;
    }

    SocketTable table;
    std::vector<SocketPtr> sockets;
};

TEST_F(SocketTableTest, visits_everybody_when_no_room_is_named) {
    EXPECT_EQ(visited({}), "abc");
    EXPECT_EQ(visited({}, {"b"}), "ac");
    EXPECT_EQ(visited({}, {"red"}), "c");
    EXPECT_EQ(visited({}, {"nothing"}), "abc");
}

TEST_F(SocketTableTest, visits_the_members_of_rooms_once) {
    EXPECT_EQ(visited({"red"}), "ab");
    EXPECT_EQ(visited({"red", "blue"}), "abc");
    EXPECT_EQ(visited({"red", "red"}), "ab");
    EXPECT_EQ(visited({"none"}), "");
    EXPECT_EQ(visited({"c"}), "c");
    EXPECT_EQ(visited({"c", "blue"}), "bc");
}

TEST_F(SocketTableTest, leaves_out_whoever_is_excepted) {
    EXPECT_EQ(visited({"red", "blue"}, {"b"}), "ac");
    EXPECT_EQ(visited({"red", "blue"}, {"red"}), "c");
    EXPECT_EQ(visited({"red"}, {"blue"}), "a");
    EXPECT_EQ(visited({"a"}, {"a"}), "");
}

TEST_F(SocketTableTest, knows_a_room_named_like_a_client_as_both) {
    table.join("a", *sockets[2]);
    EXPECT_EQ(visited({"a"}), "ac");
    table.join("a", *sockets[0]);
    EXPECT_EQ(visited({"a"}), "ac");
}

TEST_F(SocketTableTest, forgets_rooms_nobody_is_in) {
    table.leave("red", *sockets[0]);
    EXPECT_EQ(visited({"red"}), "b");
    table.leave("red", *sockets[1]);
    EXPECT_EQ(visited({"red"}), "");
    auto rooms = table.rooms();
    std::sort(rooms.begin(), rooms.end());
    EXPECT_EQ(rooms, (std::vector<std::string>{"a", "b", "blue", "c"}));
}

TEST_F(SocketTableTest, takes_out_only_the_client_it_has) {
    Socket::Parts parts;
    parts.id = "a";
    const auto other = std::make_shared<Socket>(std::move(parts));
    table.remove(*other);
    EXPECT_EQ(visited({}), "abc");
    table.remove(*sockets[0]);
    EXPECT_EQ(visited({}), "bc");
    EXPECT_EQ(table.find("a"), nullptr);
    EXPECT_EQ(table.find("b"), sockets[1]);
}

}  // namespace
}  // namespace onhand::socketio
