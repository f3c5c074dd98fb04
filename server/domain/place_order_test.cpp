#include <gtest/gtest.h>

#include <limits>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

TEST(PlaceOrder, allocates_all_lines) {
    Shop shop;
    shop.run({
        {place("A 3"), "order 1001 placed v1: A@MAIN 3"},
        {place("A 2, B@EAST 2, B 5"), "order 1002 placed v1: A@MAIN 2, B@EAST 2, B@MAIN 5"},
        {place("A 5"), "order 1003 placed v1: A@MAIN 5"},
    });
    EXPECT_EQ(shop.stock("A"), "10-10=0 v4");
    EXPECT_EQ(shop.stock("B"), "5-5=0 v2");
    EXPECT_EQ(shop.stock("B", "EAST"), "2-2=0 v2");
}

TEST(PlaceOrder, refuses_when_stock_is_short) {
    Shop shop;
    shop.run({
        {place("A 11"), "insufficient_stock A@MAIN 11>10"},
        {place("A 10"), "order 1001 placed v1: A@MAIN 10"},
        {place("A 1"), "insufficient_stock A@MAIN 1>0"},
        {place("EMPTY 1"), "insufficient_stock EMPTY@MAIN 1>0"},
        {place("A@EAST 1"), "insufficient_stock A@EAST 1>0"},  // no level there yet
    });
    EXPECT_EQ(shop.stock("A"), "10-10=0 v2");
}

TEST(PlaceOrder, takes_nothing_and_names_every_short_line_when_one_is_short) {
    Shop shop;
    shop.run({{place("A 11, B 5, B@EAST 3, EMPTY 1"), "insufficient_stock A@MAIN 11>10, B@EAST 3>2, EMPTY@MAIN 1>0"}});
    EXPECT_EQ(shop.stock("A"), "10-0=10 v1");
    EXPECT_EQ(shop.stock("B"), "5-0=5 v1");
    shop.run({{place("A 1"), "order 1001 placed v1: A@MAIN 1"}});  // and no number was used up
}

// Medusa #16502, Vendure #2702: two lines for the same SKU each looked at the full stock.
TEST(PlaceOrder, adds_up_lines_of_the_same_sku_and_location_before_checking) {
    Shop shop;
    shop.run({
        {place("A 6, A 6"), "insufficient_stock A@MAIN 12>10"},
        {place("A 4, B 1, A@MAIN 3"), "order 1001 placed v1: A@MAIN 7, B@MAIN 1"},
        {place("B@EAST 1, B 1, B@EAST 1"), "order 1002 placed v1: B@EAST 2, B@MAIN 1"},
    });
    EXPECT_EQ(shop.stock("A"), "10-7=3 v2") << "one movement for both lines";
}

TEST(PlaceOrder, holds_quantities_to_their_bounds) {
    Shop shop;
    shop.run({
        {the(AdjustStock{.sku = "A", .delta = 2'000'000, .reason = Reason::received}),
         "adjusted A@MAIN +2000000: 2000010 v2"},
        {place("A 0"), "invalid_request /lines/0/quantity"},
        {place("A -1"), "invalid_request /lines/0/quantity"},
        {place("A 1"), "order 1001 placed v1: A@MAIN 1"},
        {place("A 1000000"), "order 1002 placed v1: A@MAIN 1000000"},
        {place("A 1000001"), "invalid_request /lines/0/quantity"},
        {place("A 2147483647"), "invalid_request /lines/0/quantity"},
        {place("A 2147483648"), "invalid_request /lines/0/quantity"},
        {place("A 9007199254740992"), "invalid_request /lines/0/quantity"},
        {place("A 9007199254740993"), "invalid_request /lines/0/quantity"},
        {place("A 9223372036854775807"), "invalid_request /lines/0/quantity"},
        {place("A -9223372036854775808"), "invalid_request /lines/0/quantity"},
        {place("B 1, A 500000, A 500001"), "invalid_request /lines/2/quantity"},
        {place("A 9223372036854775807, A 9223372036854775807"), "invalid_request /lines/0/quantity"},
    });
}

TEST(PlaceOrder, holds_the_number_of_lines_to_its_bound) {
    Shop shop;
    shop.decide(AdjustStock{.sku = "A", .delta = 1'000'000, .reason = Reason::received});
    const LineRequest one{.sku = "A", .quantity = 1};
    struct {
        std::size_t lines;
        const char* expected;
    } const cases[] = {
        {0, "invalid_request /lines"},
        {1, "order 1001 placed v1: A@MAIN 1"},
        {order_lines_max, "order 1002 placed v1: A@MAIN 200"},
        {order_lines_max + 1, "invalid_request /lines"},
        {10'000, "invalid_request /lines"},
    };
    for (const auto& test : cases)
        EXPECT_EQ(said(shop.decide(PlaceOrder{.lines = std::vector(test.lines, one)})), test.expected) << test.lines;
}

TEST(PlaceOrder, serves_two_hundred_different_products) {
    Shop shop;
    PlaceOrder command;
    for (std::size_t i = 0; i < order_lines_max; ++i) {
        const auto sku = "P" + std::to_string(i);
        shop.run({{create(sku, "MAIN 1"), "product " + sku + " v1"}});
        command.lines.push_back({.sku = sku, .quantity = 1});
    }
    const auto outcome = shop.decide(command);
    ASSERT_TRUE(std::holds_alternative<OrderDone>(outcome));
    EXPECT_EQ(std::get<OrderDone>(outcome).order.lines.size(), order_lines_max);
    EXPECT_EQ(shop.last_items().size(), order_lines_max + 1);
}

TEST(PlaceOrder, refuses_what_it_does_not_know) {
    Shop shop;
    shop.run({
        {archive("EMPTY", 1), "product EMPTY v2 archived"},
        {place("NONE 1"), "unknown_sku /lines/0/sku"},
        {place("A 1, a 1"), "unknown_sku /lines/1/sku"},
        {place("EMPTY 1"), "unknown_sku /lines/0/sku"},
        {place("A@WEST 1"), "unknown_location /lines/0/location"},
        {place("A@main 1"), "unknown_location /lines/0/location"},
        {the(PlaceOrder{.lines = {{.sku = "A ", .quantity = 1}}}), "unknown_sku /lines/0/sku"},
        {the(PlaceOrder{.lines = {{.sku = "", .quantity = 1}}}), "unknown_sku /lines/0/sku"},
    });
}

TEST(PlaceOrder, writes_movements_before_the_event_and_carries_what_was_asked) {
    Shop shop;
    shop.be(AccountId{42}, Role::clerk);
    const auto outcome =
        shop.decide(PlaceOrder{.lines = lines("A 3, B@EAST 1"), .reference = "r", .customer = "c", .note = "n"});
    const auto& order = std::get<OrderDone>(outcome).order;
    EXPECT_EQ(order.reference, "r");
    EXPECT_EQ(order.customer, "c");
    EXPECT_EQ(order.note, "n");
    EXPECT_EQ(order.placed_by, AccountId{42});
    EXPECT_EQ(order.placed_at, shop.now);
    EXPECT_EQ(order.updated_at, shop.now);
    const auto& items = shop.last_items();
    ASSERT_EQ(items.size(), 3U);
    const auto& movement = std::get<Movement>(items[1]);
    EXPECT_EQ(movement.kind, MovementKind::allocated);
    EXPECT_EQ(movement.from, movement.to);
    EXPECT_EQ(movement.quantity, 1);
    EXPECT_EQ(movement.reason, Reason::order_placed);
    EXPECT_EQ(movement.cause, (Cause{CauseType::order, order.id}));
    EXPECT_EQ(movement.actor, AccountId{42});
    EXPECT_EQ(std::get<OrderEvent>(items[2]).order, order);
    EXPECT_EQ(std::get<OrderEvent>(items[2]).kind, OrderEvent::Kind::placed);
}

TEST(PlaceOrder, carries_the_key_of_its_request) {
    Shop shop;
    UuidGenerator ids(seeded_random());
    Context context{.now = 5, .ids = ids};
    context.key[0] = 7;
    context.fingerprint[3] = 9;
    WorkingSet set;
    shop.book().prepare(set);
    const Command command = PlaceOrder{.lines = lines("A 1")};
    RowRequest request;
    request_rows(command, set, request);
    shop.book().load(request, set);
    Changes changes;
    decide(command, set, context, changes);
    const auto& event = std::get<OrderEvent>(changes.items.back());
    EXPECT_EQ(event.key, context.key);
    EXPECT_EQ(event.fingerprint, context.fingerprint);
}

TEST(PlaceOrder, sees_what_earlier_commands_of_the_batch_left) {
    Shop shop;
    const Command order = PlaceOrder{.lines = lines("A 4")};
    const auto outcomes = shop.decide_batch({order, order, order});
    EXPECT_EQ(said(outcomes[0]), "order 1001 placed v1: A@MAIN 4");
    EXPECT_EQ(said(outcomes[1]), "order 1002 placed v1: A@MAIN 4");
    EXPECT_EQ(said(outcomes[2]), "insufficient_stock A@MAIN 4>2");
    EXPECT_EQ(shop.stock("A"), "10-8=2 v3");
}

TEST(PlaceOrder, uses_a_product_and_a_location_made_in_the_same_batch) {
    Shop shop;
    const auto outcomes = shop.decide_batch({
        create("NEW", "MAIN 2")(shop),
        create_location("WEST")(shop),
        PlaceOrder{.lines = lines("NEW 2")},
        AdjustStock{.sku = "NEW", .location = "WEST", .delta = 3, .reason = Reason::received},
        AdjustStock{.sku = "A", .location = "WEST", .delta = 4, .reason = Reason::received},
        PlaceOrder{.lines = lines("NEW@WEST 3, A@WEST 4")},
    });
    EXPECT_EQ(said(outcomes[2]), "order 1001 placed v1: NEW@MAIN 2");
    EXPECT_EQ(said(outcomes[3]), "adjusted NEW@WEST +3: 3 v1");
    EXPECT_EQ(said(outcomes[5]), "order 1002 placed v1: NEW@WEST 3, A@WEST 4");
}

TEST(PlaceOrder, tells_a_shop_worker_what_is_left) {
    Shop shop;
    const auto detail = [&](std::string_view text) {
        const auto outcome = shop.decide(PlaceOrder{.lines = lines(text)});
        return refusal(outcome)->detail;
    };
    EXPECT_EQ(detail("A 12"), "Only 10 of SKU A left at MAIN, 12 asked.");
    EXPECT_EQ(detail("EMPTY 1"), "SKU EMPTY is out of stock at MAIN, 1 asked.");
    EXPECT_EQ(detail("A 12, B 9"), "Only 10 of SKU A left at MAIN, 12 asked. One more line is short.");
    EXPECT_EQ(detail("A 12, B 9, EMPTY 1"), "Only 10 of SKU A left at MAIN, 12 asked. 2 more lines are short.");
    EXPECT_EQ(detail("NONE 1"), "There is no product with the SKU NONE.");
}

}  // namespace
}  // namespace onhand::domain
