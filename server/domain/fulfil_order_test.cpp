#include <gtest/gtest.h>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

TEST(FulfilOrder, ships_everything_that_is_open) {
    Shop shop;
    shop.run({
        {place("A 3, B@EAST 2"), "order 1001 placed v1: A@MAIN 3, B@EAST 2"},
        {fulfil(1001), "order 1001 fulfilled v2: A@MAIN 3 f3, B@EAST 2 f2"},
    });
    EXPECT_EQ(shop.stock("A"), "7-0=7 v3");
    EXPECT_EQ(shop.stock("B", "EAST"), "0-0=0 v3");
    const auto& movement = std::get<Movement>(shop.last_items().front());
    EXPECT_EQ(movement.kind, MovementKind::fulfilled);
    EXPECT_EQ(movement.from, raw(main_location));
    EXPECT_EQ(movement.to, static_cast<std::int64_t>(Place::customer));
    EXPECT_EQ(movement.reason, Reason::order_shipped);
    EXPECT_EQ(std::get<OrderEvent>(shop.last_items().back()).kind, OrderEvent::Kind::fulfilled);
}

TEST(FulfilOrder, ships_in_parts) {
    Shop shop;
    shop.run({
        {place("A 3, B 2, B@EAST 1"), "order 1001 placed v1: A@MAIN 3, B@MAIN 2, B@EAST 1"},
        {fulfil(1001, "A 1"), "order 1001 partially_fulfilled v2: A@MAIN 3 f1, B@MAIN 2, B@EAST 1"},
        {fulfil(1001, "A 1, B@EAST 1"), "order 1001 partially_fulfilled v3: A@MAIN 3 f2, B@MAIN 2, B@EAST 1 f1"},
        {fulfil(1001, "A 2"), "invalid_state"},  // only one is left
        {fulfil(1001, "B@MAIN 1, B 1"), "order 1001 partially_fulfilled v4: A@MAIN 3 f2, B@MAIN 2 f2, B@EAST 1 f1"},
        {fulfil(1001), "order 1001 fulfilled v5: A@MAIN 3 f3, B@MAIN 2 f2, B@EAST 1 f1"},
        {fulfil(1001), "invalid_state"},
        {fulfil(1001, "A 1"), "invalid_state"},
    });
    EXPECT_EQ(shop.stock("A"), "7-0=7 v5");
}

TEST(FulfilOrder, ships_no_more_than_is_allocated) {
    Shop shop;
    shop.run({
        {place("A 3"), "order 1001 placed v1: A@MAIN 3"},
        {fulfil(1001, "A 4"), "invalid_state"},
        {fulfil(1001, "A 2, A 2"), "invalid_state"},
        {fulfil(1001, "A 0"), "invalid_request /lines/0/quantity"},
        {fulfil(1001, "A -1"), "invalid_request /lines/0/quantity"},
        {fulfil(1001, "A 9223372036854775807"), "invalid_request /lines/0/quantity"},
        {fulfil(1001, "A 1, B 1"), "invalid_request /lines/1/sku"},
        {fulfil(1001, "A@EAST 1"), "invalid_request /lines/0/sku"},
    });
    EXPECT_EQ(shop.stock("A"), "10-3=7 v2");
}

TEST(FulfilOrder, says_what_is_still_open) {
    Shop shop;
    shop.run({{place("A 3, B@EAST 1"), "order 1001 placed v1: A@MAIN 3, B@EAST 1"}});
    const auto outcome = shop.decide(fulfil(1001, "A 5")(shop));
    EXPECT_EQ(refusal(outcome)->detail,
              "Order 1001 has only 3 of SKU A left to ship at MAIN. Open: 3 of A at MAIN, 1 of B at EAST.");
}

TEST(FulfilOrder, refuses_unknown_orders) {
    Shop shop;
    shop.run({{the(FulfilOrder{.order = Uuid{}}), "not_found"}, {the(CancelOrder{.order = Uuid{}}), "not_found"}});
}

TEST(FulfilOrder, does_not_ship_a_cancelled_order) {
    Shop shop;
    shop.run({
        {place("A 3"), "order 1001 placed v1: A@MAIN 3"},
        {cancel(1001), "order 1001 cancelled v2: A@MAIN 3 c3"},
        {fulfil(1001), "invalid_state"},
        {fulfil(1001, "A 1"), "invalid_state"},
    });
    EXPECT_EQ(shop.stock("A"), "10-0=10 v3");
}

TEST(FulfilOrder, refuses_more_lines_than_an_order_can_have) {
    Shop shop;
    shop.run({{place("A 3"), "order 1001 placed v1: A@MAIN 3"}});
    const LineRequest one{.sku = "A", .quantity = 1};
    const FulfilOrder command{.order = shop.order(1001).id, .lines = std::vector(order_lines_max + 1, one)};
    EXPECT_EQ(said(shop.decide(command)), "invalid_request /lines");
}

TEST(CancelOrder, gives_everything_back) {
    Shop shop;
    shop.run({
        {place("A 3, B@EAST 2"), "order 1001 placed v1: A@MAIN 3, B@EAST 2"},
        {cancel(1001), "order 1001 cancelled v2: A@MAIN 3 c3, B@EAST 2 c2"},
        {cancel(1001), "invalid_state"},
    });
    EXPECT_EQ(shop.stock("A"), "10-0=10 v3");
    EXPECT_EQ(shop.stock("B", "EAST"), "2-0=2 v3");
}

TEST(CancelOrder, writes_one_movement_a_line_and_the_event) {
    Shop shop;
    shop.run(
        {{place("A 3"), "order 1001 placed v1: A@MAIN 3"}, {cancel(1001), "order 1001 cancelled v2: A@MAIN 3 c3"}});
    ASSERT_EQ(shop.last_items().size(), 2U);
    const auto& movement = std::get<Movement>(shop.last_items().front());
    EXPECT_EQ(movement.kind, MovementKind::deallocated);
    EXPECT_EQ(movement.reason, Reason::order_cancelled);
    EXPECT_EQ(std::get<OrderEvent>(shop.last_items().back()).kind, OrderEvent::Kind::cancelled);
}

TEST(CancelOrder, releases_only_what_was_not_shipped) {
    Shop shop;
    shop.run({
        {place("A 3, B 2"), "order 1001 placed v1: A@MAIN 3, B@MAIN 2"},
        {fulfil(1001, "A 1"), "order 1001 partially_fulfilled v2: A@MAIN 3 f1, B@MAIN 2"},
        {cancel(1001), "order 1001 fulfilled v3: A@MAIN 3 f1 c2, B@MAIN 2 c2"},
        {cancel(1001), "invalid_state"},
    });
    EXPECT_EQ(shop.stock("A"), "9-0=9 v4");
    EXPECT_EQ(shop.stock("B"), "5-0=5 v3");
}

TEST(CancelOrder, does_not_cancel_a_shipped_order) {
    Shop shop;
    shop.run({
        {place("A 3"), "order 1001 placed v1: A@MAIN 3"},
        {fulfil(1001), "order 1001 fulfilled v2: A@MAIN 3 f3"},
        {cancel(1001), "invalid_state"},
    });
}

TEST(CancelOrder, lets_a_clerk_cancel_only_own_orders) {
    Shop shop;
    shop.be(AccountId{7}, Role::clerk);
    shop.run({{place("A 3"), "order 1001 placed v1: A@MAIN 3"}});
    shop.be(AccountId{8}, Role::clerk);
    shop.run({{cancel(1001), "forbidden"}});
    shop.be(AccountId{7}, Role::clerk);
    shop.run(
        {{cancel(1001), "order 1001 cancelled v2: A@MAIN 3 c3"}, {place("A 1"), "order 1002 placed v1: A@MAIN 1"}});
    shop.be(AccountId{9}, Role::manager);
    shop.run({{cancel(1002), "order 1002 cancelled v2: A@MAIN 1 c1"}});
}

TEST(CancelOrder, and_fulfil_in_one_batch_end_the_order_once) {
    Shop shop;
    shop.run({{place("A 3"), "order 1001 placed v1: A@MAIN 3"}});
    const auto outcomes = shop.decide_batch({cancel(1001)(shop), fulfil(1001)(shop)});
    EXPECT_EQ(said(outcomes[0]), "order 1001 cancelled v2: A@MAIN 3 c3");
    EXPECT_EQ(said(outcomes[1]), "invalid_state");
}

}  // namespace
}  // namespace onhand::domain
