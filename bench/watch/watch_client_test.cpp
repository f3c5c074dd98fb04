#include "watch/watch_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/load_client.hpp"

namespace onhand::bench::watch {
namespace {

std::string server_frame(std::string_view text) {
    std::string out = "\x81\x7e";
    out += static_cast<char>(text.size() >> 8U);
    out += static_cast<char>(text.size() & 0xFFU);
    return out.append(text);
}

struct WatchClientTest : testing::Test, WatchSink {
    void on_stretch(const Stretch& stretch) override { stretches.push_back(stretch); }
    void on_order(const OrderTold& order) override { orders.push_back(order); }

    // What the client answers to a text message, or "failed".
    std::string answer_to(std::string_view text) { return give(server_frame(text)); }
    std::string give(std::string_view bytes) {
        std::string reply;
        std::string problem;
        return client.consume(bytes, reply, *this, problem) ? reply : "failed";
    }
    void join() {
        give("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        answer_to(R"(0{"sid":"a"})");
        answer_to(R"(40{"sid":"b"})");
        answer_to(R"(430[{"ok":true,"head":7}])");
    }

    WatchClient client{"secret", R"({"stock":"all"})", true};
    std::vector<Stretch> stretches;
    std::vector<OrderTold> orders;
};

TEST_F(WatchClientTest, shows_its_token_and_subscribes) {
    EXPECT_EQ(give("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "");
    EXPECT_EQ(answer_to(R"(0{"sid":"a"})"), socketio::client_text_frame(R"(40{"token":"secret"})"));
    EXPECT_EQ(answer_to(R"(40{"sid":"b"})"), socketio::client_text_frame(R"(420["subscribe",{"stock":"all"}])"));
    EXPECT_FALSE(client.ready());
    EXPECT_EQ(answer_to(R"(430[{"ok":true,"head":7}])"), "");
    EXPECT_TRUE(client.ready());
    EXPECT_EQ(answer_to("2"), socketio::client_text_frame("3"));
}

TEST_F(WatchClientTest, fails_when_it_is_refused) {
    give("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    answer_to(R"(0{"sid":"a"})");
    EXPECT_EQ(answer_to(R"(44{"message":"unauthenticated"})"), "failed");
}

TEST_F(WatchClientTest, reads_the_stretch_of_an_event_and_counts_its_changes) {
    join();
    const std::string changes = R"({"seq":8,"sku":"S-000001"},{"seq":9,"sku":"S-000002"})";
    const auto text = R"(42["stock.changed",{"from":8,"to":12,"changes":[)" + changes + "]}]";
    EXPECT_EQ(answer_to(text), "");
    ASSERT_EQ(stretches.size(), 1u);
    EXPECT_EQ(stretches[0].from, 8);
    EXPECT_EQ(stretches[0].to, 12);
    EXPECT_EQ(stretches[0].changes, 2u);
    EXPECT_EQ(stretches[0].bytes, text.size());
    EXPECT_EQ(stretches[0].bytes - stretches[0].envelope, changes.size());
}

TEST_F(WatchClientTest, reads_number_and_product_of_an_order) {
    join();
    answer_to(
        R"(42["order.changed",{"seq":9,"order":{"id":"x","number":31,"lines":[{"sku":"S-000042","quantity":1}]}}])");
    ASSERT_EQ(orders.size(), 1u);
    EXPECT_EQ(orders[0].seq, 9);
    EXPECT_EQ(orders[0].number, 31);
    EXPECT_EQ(orders[0].product, 42u);
}

TEST_F(WatchClientTest, takes_no_notice_of_other_events_but_of_a_lost_position) {
    join();
    EXPECT_EQ(answer_to(R"(42["presence.changed",{"users":[]}])"), "");
    EXPECT_EQ(answer_to(R"(42["feed.head",{"head":9}])"), "");
    EXPECT_EQ(answer_to(R"(42["feed.reset",{"head":9}])"), "failed");
}

}  // namespace
}  // namespace onhand::bench::watch
