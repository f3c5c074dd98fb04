#include <gtest/gtest.h>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

constexpr auto any_version = std::nullopt;

TEST(AdjustStock, moves_on_hand_by_delta) {
    Shop shop;
    shop.run({
        {adjust("A", 5, Reason::received), "adjusted A@MAIN +5: 15 v2"},
        {adjust("A", -15, Reason::damaged), "adjusted A@MAIN -15: 0 v3"},
        {adjust("A@EAST", 1, Reason::found), "adjusted A@EAST +1: 1 v1"},  // the level is made on its first movement
        {adjust("A@EAST", -1, Reason::correction), "adjusted A@EAST -1: 0 v2"},
    });
    EXPECT_EQ(shop.stock("A"), "0-0=0 v3");
}

TEST(AdjustStock, writes_where_goods_came_from_and_went_to) {
    Shop shop;
    shop.be(AccountId{42}, Role::manager);
    shop.run({{adjust("A", -4, Reason::stolen, any_version, "back door"), "adjusted A@MAIN -4: 6 v2"}});
    ASSERT_EQ(shop.last_items().size(), 1U);
    const auto& movement = std::get<Movement>(shop.last_items().front());
    EXPECT_EQ(movement.kind, MovementKind::adjusted);
    EXPECT_EQ(movement.quantity, 4);
    EXPECT_EQ(movement.from, raw(main_location));
    EXPECT_EQ(movement.to, static_cast<std::int64_t>(Place::adjustment));
    EXPECT_EQ(movement.reason, Reason::stolen);
    EXPECT_EQ(movement.note, "back door");
    EXPECT_EQ(movement.actor, AccountId{42});
    EXPECT_EQ(movement.cause, (Cause{CauseType::adjustment, movement.id}));
    EXPECT_EQ(movement.after.updated_at, shop.now);
    shop.run({{adjust("A", 4, Reason::undo), "adjusted A@MAIN +4: 10 v3"}});
    EXPECT_EQ(std::get<Movement>(shop.last_items().front()).to, raw(main_location));
}

TEST(AdjustStock, never_takes_more_than_is_there) {
    Shop shop;
    shop.run({
        {adjust("A", -11, Reason::missing), "insufficient_stock A@MAIN 11>10"},
        {adjust("EMPTY", -1, Reason::missing), "insufficient_stock EMPTY@MAIN 1>0"},
        {adjust("A@EAST", -1, Reason::missing), "insufficient_stock A@EAST 1>0"},
        {adjust("A", -10, Reason::missing), "adjusted A@MAIN -10: 0 v2"},
    });
}

TEST(AdjustStock, never_breaks_a_promise) {
    Shop shop;
    shop.run({
        {place("A 7"), "order 1001 placed v1: A@MAIN 7"},
        {adjust("A", -4, Reason::damaged), "breaks_promises"},
        {adjust("A", -11, Reason::damaged), "insufficient_stock A@MAIN 11>3"},
        {adjust("A", -3, Reason::damaged), "adjusted A@MAIN -3: 7 v3"},
        {adjust("A", -1, Reason::damaged), "breaks_promises"},
        {cancel(1001), "order 1001 cancelled v2: A@MAIN 7 c7"},
        {adjust("A", -7, Reason::damaged), "adjusted A@MAIN -7: 0 v5"},
    });
}

TEST(AdjustStock, holds_delta_to_its_bounds) {
    Shop shop;
    shop.run({
        {adjust("A", 0), "invalid_request /delta"},
        {adjust("A", quantity_max + 1), "invalid_request /delta"},
        {adjust("A", quantity_max), "invalid_request /delta"},  // 10 are there already
        {adjust("A", INT64_MAX), "invalid_request /delta"},
        {adjust("A", INT64_MIN), "invalid_request /delta"},
        {adjust("A", -quantity_max - 1), "invalid_request /delta"},
        {adjust("A", -quantity_max), "insufficient_stock A@MAIN 1000000000000>10"},
        {adjust("A", 9007199254740993), "invalid_request /delta"},
        {adjust("A", quantity_max - 10), "adjusted A@MAIN +999999999990: 1000000000000 v2"},
        {adjust("A", 1), "invalid_request /delta"},
    });
}

TEST(AdjustStock, holds_reasons_to_their_direction) {
    struct {
        Reason reason;
        const char* up;
        const char* down;
    } const cases[] = {
        {Reason::received, "adjusted A@MAIN +1: 11 v2", "invalid_request /reason"},
        {Reason::return_good, "adjusted A@MAIN +1: 11 v2", "invalid_request /reason"},
        {Reason::found, "adjusted A@MAIN +1: 11 v2", "invalid_request /reason"},
        {Reason::cycle_count, "adjusted A@MAIN +1: 11 v2", "adjusted A@MAIN -1: 9 v2"},
        {Reason::correction, "adjusted A@MAIN +1: 11 v2", "adjusted A@MAIN -1: 9 v2"},
        {Reason::undo, "adjusted A@MAIN +1: 11 v2", "adjusted A@MAIN -1: 9 v2"},
        {Reason::outbound_not_recorded, "invalid_request /reason", "adjusted A@MAIN -1: 9 v2"},
        {Reason::damaged, "invalid_request /reason", "adjusted A@MAIN -1: 9 v2"},
        {Reason::sample, "invalid_request /reason", "adjusted A@MAIN -1: 9 v2"},
        {Reason::none, "invalid_request /reason", "invalid_request /reason"},
        {Reason::order_placed, "invalid_request /reason", "invalid_request /reason"},
        {Reason::order_shipped, "invalid_request /reason", "invalid_request /reason"},
        {Reason::import, "invalid_request /reason", "invalid_request /reason"},
        {Reason::opening_stock, "invalid_request /reason", "invalid_request /reason"},
        {Reason::other, "invalid_request /note", "invalid_request /note"},
    };
    for (const auto& test : cases) {
        EXPECT_EQ(said(Shop().decide(AdjustStock{.sku = "A", .delta = 1, .reason = test.reason})), test.up)
            << name(test.reason);
        EXPECT_EQ(said(Shop().decide(AdjustStock{.sku = "A", .delta = -1, .reason = test.reason})), test.down)
            << name(test.reason);
    }
    Shop shop;
    shop.run({{adjust("A", 1, Reason::other, any_version, "a gift"), "adjusted A@MAIN +1: 11 v2"}});
}

TEST(AdjustStock, refuses_a_stale_version_and_shows_the_level) {
    Shop shop;
    shop.run({
        {adjust("A", 1, Reason::found, 0), "version_mismatch now v1"},
        {adjust("A", 1, Reason::found, 2), "version_mismatch now v1"},
        {adjust("A", 1, Reason::found, -1), "version_mismatch now v1"},
        {adjust("A", 1, Reason::found, 1), "adjusted A@MAIN +1: 11 v2"},
        {adjust("A", 1, Reason::found, 1), "version_mismatch now v2"},
        {adjust("A@EAST", 1, Reason::found, 1), "version_mismatch now v0"},
        {adjust("A@EAST", 1, Reason::found, 0), "adjusted A@EAST +1: 1 v1"},
    });
    const auto outcome = shop.decide(adjust("A", 1, Reason::found, 9)(shop));
    EXPECT_EQ(refusal(outcome)->level->level.on_hand, 11);
    EXPECT_EQ(refusal(outcome)->level->sku, "A");
    EXPECT_EQ(refusal(outcome)->level->location, "MAIN");
}

TEST(AdjustStock, refuses_what_it_does_not_know) {
    Shop shop;
    shop.run({
        {archive("EMPTY", 1), "product EMPTY v2 archived"},
        {adjust("NONE", 1), "unknown_sku /sku"},
        {adjust("EMPTY", 1), "unknown_sku /sku"},
        {adjust("A@WEST", 1), "unknown_location /location"},
    });
}

TEST(AdjustStock, does_not_touch_unavailable_goods) {
    Shop shop;
    // No command makes goods unavailable yet; the rule holds for rows that have them.
    auto level = shop.book().level("A", "MAIN");
    level.unavailable = 4;
    WorkingSet set;
    set.put_product(*shop.book().find_product("A"), false);
    set.put_location({.id = main_location, .code = main_location_code});
    set.put_level(level);
    UuidGenerator ids(seeded_random());
    Changes changes;
    const Context context{.now = 1, .ids = ids};
    EXPECT_EQ(said(decide(AdjustStock{.sku = "A", .delta = -7, .reason = Reason::damaged}, set, context, changes)),
              "insufficient_stock A@MAIN 7>6");
    EXPECT_EQ(said(decide(AdjustStock{.sku = "A", .delta = -6, .reason = Reason::damaged}, set, context, changes)),
              "adjusted A@MAIN -6: 4 v2");
}

}  // namespace
}  // namespace onhand::domain
