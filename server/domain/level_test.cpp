#include "domain/level.hpp"

#include <gtest/gtest.h>

#include "domain/movement.hpp"
#include "domain/names.hpp"
#include "domain/order.hpp"

namespace onhand::domain {
namespace {

// on_hand, unavailable, held, allocated, incoming.
StockLevel level(Quantity on_hand, Quantity unavailable, Quantity held, Quantity allocated, Quantity incoming = 0) {
    return {.key = {ProductId{1}, main_location},
            .on_hand = on_hand,
            .unavailable = unavailable,
            .held = held,
            .allocated = allocated,
            .incoming = incoming,
            .version = 7,
            .updated_at = 100};
}

TEST(Level, available_is_what_is_neither_unavailable_nor_promised) {
    EXPECT_EQ(level(10, 1, 2, 3).available(), 4);
    EXPECT_EQ(level(10, 1, 2, 3, 99).available(), 4) << "incoming goods are not there yet";
}

TEST(Level, is_valid_up_to_the_last_unit_promised) {
    EXPECT_TRUE(is_valid(level(0, 0, 0, 0)));
    EXPECT_TRUE(is_valid(level(6, 1, 2, 3)));
    EXPECT_FALSE(is_valid(level(5, 1, 2, 3)));
    EXPECT_FALSE(is_valid(level(5, -1, 0, 0)));
    EXPECT_TRUE(is_valid(level(quantity_max, 0, 0, quantity_max)));
    EXPECT_FALSE(is_valid(level(quantity_max + 1, 0, 0, 0)));
}

struct ApplyCase {
    const char* name;
    StockLevel before;
    LevelDelta delta;
    bool accepted;
};

TEST(Level, apply_keeps_every_part_and_the_availability_in_bounds) {
    const ApplyCase cases[] = {
        {"takes the last available", level(5, 0, 0, 4), {.allocated = 1}, true},
        {"one more than available", level(5, 0, 0, 5), {.allocated = 1}, false},
        {"ships what is allocated", level(5, 0, 0, 5), {.on_hand = -5, .allocated = -5}, true},
        {"ships more than allocated", level(5, 0, 0, 3), {.on_hand = -4, .allocated = -4}, false},
        {"loses promised goods", level(5, 0, 2, 3), {.on_hand = -1}, false},
        {"loses unavailable goods only with them", level(5, 5, 0, 0), {.on_hand = -1, .unavailable = -1}, true},
        {"grows to the bound", level(quantity_max - 1, 0, 0, 0), {.on_hand = 1}, true},
        {"grows past the bound", level(quantity_max, 0, 0, 0), {.on_hand = 1}, false},
        {"overflows", level(1, 0, 0, 0), {.on_hand = INT64_MAX}, false},
        {"falls below zero", level(0, 0, 0, 0), {.on_hand = -1}, false},
        {"releases more than held", level(9, 0, 1, 0), {.held = -2}, false},
        {"expects goods", level(0, 0, 0, 0), {.incoming = 4}, true},
    };
    for (const auto& test : cases) {
        const auto after = apply(test.before, test.delta, 200);
        ASSERT_EQ(after.has_value(), test.accepted) << test.name;
        if (!after) continue;
        EXPECT_EQ(after->version, 8) << test.name;
        EXPECT_EQ(after->updated_at, 200) << test.name;
        EXPECT_EQ(after->on_hand, test.before.on_hand + test.delta.on_hand) << test.name;
        EXPECT_EQ(after->unavailable, test.before.unavailable + test.delta.unavailable) << test.name;
        EXPECT_EQ(after->held, test.before.held + test.delta.held) << test.name;
        EXPECT_EQ(after->allocated, test.before.allocated + test.delta.allocated) << test.name;
        EXPECT_EQ(after->incoming, test.before.incoming + test.delta.incoming) << test.name;
    }
}

TEST(Quantity, sums_are_never_wrong) {
    EXPECT_EQ(add(quantity_max - 1, 1), quantity_max);
    EXPECT_EQ(add(quantity_max, 1), std::nullopt);
    EXPECT_EQ(add(INT64_MAX, INT64_MAX), std::nullopt);
    EXPECT_EQ(add(INT64_MIN, -1), std::nullopt);
    EXPECT_EQ(add(1, -2), std::nullopt);
    EXPECT_EQ(add(5, -5), 0);
}

TEST(Movement, changes_its_level_according_to_its_kind) {
    const auto allocated = delta_of(MovementKind::allocated, 3, true);
    EXPECT_EQ(allocated.on_hand, 0);
    EXPECT_EQ(allocated.allocated, 3);
    const auto deallocated = delta_of(MovementKind::deallocated, 3, true);
    EXPECT_EQ(deallocated.on_hand, 0);
    EXPECT_EQ(deallocated.allocated, -3);
    const auto fulfilled = delta_of(MovementKind::fulfilled, 3, false);
    EXPECT_EQ(fulfilled.on_hand, -3);
    EXPECT_EQ(fulfilled.allocated, -3);
    EXPECT_EQ(delta_of(MovementKind::received, 3, true).on_hand, 3);
    EXPECT_EQ(delta_of(MovementKind::counted, 3, true).on_hand, 3);
    EXPECT_EQ(delta_of(MovementKind::adjusted, 3, false).on_hand, -3);
}

TEST(Movement, is_read_back_with_its_direction) {
    Movement movement{.kind = MovementKind::adjusted, .quantity = 4, .after = level(9, 0, 0, 0)};
    movement.from = static_cast<std::int64_t>(Place::adjustment);
    movement.to = raw(main_location);
    EXPECT_EQ(delta_of(movement).on_hand, 4);
    std::swap(movement.from, movement.to);
    EXPECT_EQ(delta_of(movement).on_hand, -4);
}

// quantity, fulfilled, cancelled, returned.
OrderLine line(Quantity quantity, Quantity fulfilled, Quantity cancelled, Quantity returned = 0) {
    return {.quantity = quantity, .fulfilled = fulfilled, .cancelled = cancelled, .returned = returned};
}

TEST(Order, status_is_what_the_lines_amount_to) {
    EXPECT_EQ(status_of({line(3, 0, 0), line(2, 0, 0)}), OrderStatus::placed);
    EXPECT_EQ(status_of({line(3, 1, 0), line(2, 0, 0)}), OrderStatus::partially_fulfilled);
    EXPECT_EQ(status_of({line(3, 3, 0), line(2, 0, 0)}), OrderStatus::partially_fulfilled);
    EXPECT_EQ(status_of({line(3, 3, 0), line(2, 2, 0)}), OrderStatus::fulfilled);
    EXPECT_EQ(status_of({line(3, 0, 3), line(2, 0, 2)}), OrderStatus::cancelled);
    EXPECT_EQ(status_of({line(3, 1, 2), line(2, 0, 2)}), OrderStatus::fulfilled) << "the rest was cancelled";
    EXPECT_EQ(status_of({line(3, 3, 0, 1), line(2, 2, 0)}), OrderStatus::partially_returned);
    EXPECT_EQ(status_of({line(3, 3, 0, 3), line(2, 0, 2)}), OrderStatus::returned);
}

TEST(Order, as_placed_forgets_what_happened_since) {
    Order order{.number = 1001, .status = OrderStatus::fulfilled, .lines = {line(3, 2, 1, 1)}, .note = "n"};
    order.placed_at = 5;
    order.updated_at = 9;
    order.version = 4;
    const auto first = as_placed(order);
    EXPECT_EQ(first.status, OrderStatus::placed);
    EXPECT_EQ(first.lines, (std::vector{line(3, 0, 0)}));
    EXPECT_EQ(first.updated_at, 5);
    EXPECT_EQ(first.version, 1);
    EXPECT_EQ(first.number, 1001);
    EXPECT_EQ(first.note, "n");
    EXPECT_EQ(as_placed(first), first);
}

TEST(Names, are_read_back_as_written) {
    for (const auto role : {Role::viewer, Role::clerk, Role::manager, Role::admin})
        EXPECT_EQ(role_from(name(role)), role);
    for (int status = 0; status <= 5; ++status)
        EXPECT_EQ(order_status_from(name(static_cast<OrderStatus>(status))), static_cast<OrderStatus>(status));
    for (const auto* const text : {"received", "cycle_count", "damaged", "undo", "other", "import", "none"})
        EXPECT_EQ(name(*reason_from(text)), text);
    for (int code = 0; code <= static_cast<int>(RefusalCode::idempotency_mismatch); ++code)
        EXPECT_FALSE(name(static_cast<RefusalCode>(code)).empty());
    EXPECT_EQ(reason_from("Received"), std::nullopt);
    EXPECT_EQ(reason_from(""), std::nullopt);
    EXPECT_EQ(role_from("root"), std::nullopt);
    EXPECT_EQ(place_name(1), "location");
    EXPECT_EQ(place_name(-2), "customer");
}

}  // namespace
}  // namespace onhand::domain
