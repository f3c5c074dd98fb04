// order.place on the live feed, with an API whose answers the test gives. That a call is served like a request by HTTP
// is tested with HttpServer::call() and on the real program.

#include "transport/live/order_place.hpp"
#include "transport/live/testing/feed_world.hpp"

namespace onhand::live {
namespace {

constexpr const char* an_order = R"({"idempotency_key":"k","lines":[{"sku":"P1","quantity":1}]})";

struct OrderFeedTest : FeedWorld {
    void answer(std::size_t index, std::int32_t status, const std::string& body = "{}") {
        calls.at(index).done(http::CallAnswer{status, body, 0});
    }
};

TEST_F(OrderFeedTest, asks_the_api_in_the_name_of_the_client) {
    auto buyer = client(1);
    buyer.sign_in();
    const auto ack = buyer.send("order.place", an_order);
    ASSERT_EQ(calls.size(), 1U);
    const auto& call = calls[0].call;
    EXPECT_EQ(calls[0].io_index, 1U);
    EXPECT_EQ(call.path, "/api/v1/orders");
    EXPECT_EQ(call.idempotency_key, "k");
    EXPECT_EQ(call.body, R"({"lines":[{"sku":"P1","quantity":1}]})");
    ASSERT_TRUE(call.caller);
    EXPECT_EQ(call.caller->account, session.account);
    answer(0, 201, R"({"id":"new"})");
    EXPECT_EQ(json::serialize(buyer.answer_to(ack)), R"({"status":201,"order":{"id":"new"}})");
}

TEST_F(OrderFeedTest, answers_each_order_by_its_own_acknowledgement) {
    auto buyer = client();
    buyer.sign_in();
    const auto first = buyer.send("order.place", an_order);
    const auto second = buyer.send("order.place", an_order);
    answer(1, 409, R"({"code":"insufficient_stock"})");
    answer(0, 201, R"({"id":"first"})");
    EXPECT_EQ(buyer.answer_to(first).at("order").at("id").as_string(), "first");
    EXPECT_EQ(buyer.answer_to(second).at("problem").at("code").as_string(), "insufficient_stock");
}

TEST_F(OrderFeedTest, needs_neither_a_subscription_nor_an_acknowledgement) {
    auto buyer = client();
    buyer.sign_in();
    buyer.post("42[\"order.place\"," + std::string(an_order) + "]");
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_FALSE(calls[0].call.refused);
    answer(0, 201);
    EXPECT_TRUE(buyer.ask("subscribe", "{}").at("ok").as_bool());
    EXPECT_FALSE(buyer.holds("43["));
}

TEST_F(OrderFeedTest, bounds_the_orders_that_wait_for_one_client) {
    auto buyer = client();
    buyer.sign_in();
    for (std::size_t i = 0; i < orders_in_hand_max; ++i) buyer.send("order.place", an_order);
    for (const auto& pending : calls) EXPECT_FALSE(pending.call.refused);
    buyer.send("order.place", an_order);
    ASSERT_EQ(calls.size(), orders_in_hand_max + 1);
    ASSERT_TRUE(calls.back().call.refused);
    EXPECT_EQ(calls.back().call.refused->status, 429);
    EXPECT_EQ(calls.back().call.refused->code, "rate_limited");
    EXPECT_GT(calls.back().call.refused->retry_after, 0);
    // The bound is one client's, and an answer makes room.
    auto other = client();
    other.sign_in();
    other.send("order.place", an_order);
    EXPECT_FALSE(calls.back().call.refused);
    answer(orders_in_hand_max, 429);
    answer(0, 201);
    buyer.send("order.place", an_order);
    EXPECT_FALSE(calls.back().call.refused);
}

TEST_F(OrderFeedTest, refuses_what_is_no_order_without_asking_further) {
    auto buyer = client();
    buyer.sign_in();
    buyer.send("order.place", "\"an order\"");
    ASSERT_EQ(calls.size(), 1U);
    ASSERT_TRUE(calls[0].call.refused);
    EXPECT_EQ(calls[0].call.refused->code, "invalid_request");
}

TEST_F(OrderFeedTest, an_order_whose_client_has_gone_is_answered_to_nobody) {
    auto buyer = client();
    buyer.sign_in();
    buyer.send("order.place", an_order);
    buyer.leave();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_FALSE(calls[0].call.refused);
    answer(0, 201);
}

TEST_F(OrderFeedTest, takes_no_order_in_the_name_of_an_ended_session) {
    auto buyer = client();
    buyer.sign_in();
    domain::Changes changes;
    changes.sessions.push_back({session, true});
    accounts.apply(changes);
    // The feed has not looked at the sessions yet.
    buyer.send("order.place", an_order);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].call.caller, nullptr);
}

// The end of draining, and what both threads do until then.
struct DrainTest : OrderFeedTest {
    void drain() {
        feed->drain([this] { drained = true; });
        turn();
    }
    // Runs what is ready, and the checks that are due by now.
    void turn() {
        for (int i = 0; i < 5; ++i) loops.turn();
    }
    void until_drained() {
        while (!drained) loops.turn();
    }
    bool drained = false;
};

TEST_F(DrainTest, waits_for_the_orders_of_all_clients) {
    auto one = client(0);
    one.sign_in();
    auto other = client(1);
    other.sign_in();
    const auto first = one.send("order.place", an_order);
    const auto second = one.send("order.place", an_order);
    const auto third = other.send("order.place", an_order);
    drain();
    for (std::size_t i = 0; i < 3; ++i) {
        turn();
        EXPECT_FALSE(drained) << i << " of 3 were answered";
        answer(i, 201);
    }
    // A client that polls fetches its answers before the end.
    turn();
    EXPECT_FALSE(drained);
    EXPECT_EQ(one.answer_to(first).at("status").as_int64(), 201);
    EXPECT_EQ(one.answer_to(second).at("status").as_int64(), 201);
    EXPECT_EQ(other.answer_to(third).at("status").as_int64(), 201);
    until_drained();
}

TEST_F(DrainTest, refuses_new_orders_meanwhile) {
    auto buyer = client();
    buyer.sign_in();
    const auto first = buyer.send("order.place", an_order);
    drain();
    buyer.send("order.place", an_order);
    ASSERT_EQ(calls.size(), 2U);
    ASSERT_TRUE(calls[1].call.refused);
    EXPECT_EQ(calls[1].call.refused->status, 503);
    EXPECT_EQ(calls[1].call.refused->code, "draining");
    answer(1, 503);
    answer(0, 201);
    EXPECT_EQ(buyer.answer_to(first).at("status").as_int64(), 201);
    until_drained();
}

TEST_F(DrainTest, does_not_wait_for_clients_without_orders_or_gone) {
    auto reader = client();
    reader.sign_in();
    reader.send("subscribe", "{}");  // and never fetches the answer
    auto gone = client(1);
    gone.sign_in();
    gone.send("order.place", an_order);
    gone.leave();
    answer(0, 201);
    drain();
    EXPECT_TRUE(drained);
}

TEST_F(DrainTest, gives_up_on_a_client_that_does_not_fetch_its_answer) {
    auto buyer = client();
    buyer.sign_in();
    buyer.send("order.place", an_order);
    answer(0, 201);
    const auto begun = std::chrono::steady_clock::now();
    drain();
    EXPECT_FALSE(drained);
    until_drained();
    EXPECT_GE(std::chrono::steady_clock::now() - begun, drain_ms_max);
}

}  // namespace
}  // namespace onhand::live
