#include "engine/ordered_slots.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace onhand::engine {
namespace {

// Orders rows by a number of each, so that the order is not that of the row numbers.
struct ByWeight {
    const std::vector<std::uint32_t>& weights;
    bool operator()(Slot a, Slot b) const { return weights[a] < weights[b]; }
};

std::vector<Slot> all_of(const OrderedSlots& list) {
    std::vector<Slot> slots;
    list.forward(0, [&](Slot slot) {
        slots.push_back(slot);
        return true;
    });
    return slots;
}

// What forward() or backward() gives from a position on, at most `count` rows.
std::vector<Slot> part_of(const OrderedSlots& list, std::size_t from, std::size_t count, bool backward) {
    std::vector<Slot> slots;
    const auto visit = [&](Slot slot) {
        slots.push_back(slot);
        return slots.size() < count;
    };
    if (backward)
        list.backward(from, visit);
    else
        list.forward(from, visit);
    return slots;
}

std::vector<std::uint32_t> shuffled_weights(std::size_t count, std::mt19937& random) {
    std::vector<std::uint32_t> weights(count);
    for (std::uint32_t i = 0; i < count; ++i) weights[i] = i * 3;
    std::shuffle(weights.begin(), weights.end(), random);
    return weights;
}

}  // namespace

TEST(OrderedSlots, is_empty_at_first) {
    const OrderedSlots list;
    EXPECT_EQ(list.size(), 0U);
    EXPECT_TRUE(part_of(list, 0, 5, false).empty());
    EXPECT_TRUE(part_of(list, 0, 5, true).empty());
}

TEST(OrderedSlots, takes_rows_that_come_in_order_between_others) {
    // The first and the last thousand are there; then those between come in order, now and then one at either end.
    std::vector<std::uint32_t> weights(5000);
    for (std::uint32_t i = 0; i < weights.size(); ++i) weights[i] = i;
    const ByWeight less{weights};
    std::set<Slot, ByWeight> model(less);
    OrderedSlots list;
    const auto insert = [&](Slot slot) {
        if (model.insert(slot).second) list.insert(slot, less);
    };
    for (Slot slot = 100; slot < 1000; ++slot) insert(slot);
    for (Slot slot = 4000; slot < 4900; ++slot) insert(slot);
    for (Slot slot = 1000; slot < 4000; ++slot) {
        insert(slot);
        if (slot % 40 == 0) insert(slot / 40);
        if (slot % 50 == 0) insert(4900 + slot / 50);
        if (slot % 60 == 0 && model.erase(slot - 30) > 0) list.erase(slot - 30, less);
    }
    EXPECT_EQ(all_of(list), std::vector<Slot>(model.begin(), model.end()));
}

TEST(OrderedSlots, agrees_with_a_set_under_random_changes) {
    std::mt19937 random(3);
    const auto weights = shuffled_weights(6000, random);
    const ByWeight less{weights};
    OrderedSlots list;
    std::set<Slot, ByWeight> model(less);
    // First it mostly grows, past several pieces, then it mostly shrinks to nothing.
    for (int round = 0; round < 20'000; ++round) {
        const auto slot = static_cast<Slot>(random() % weights.size());
        const bool grows = random() % 10 < (round < 10'000 ? 8U : 1U);
        if (grows && model.insert(slot).second) list.insert(slot, less);
        if (!grows && model.erase(slot) > 0) list.erase(slot, less);
        ASSERT_EQ(list.size(), model.size());
        if (round % 500 != 0) continue;
        const std::vector<Slot> expected(model.begin(), model.end());
        ASSERT_EQ(all_of(list), expected);
        for (const std::size_t from : {std::size_t{0}, expected.size() / 3, expected.size()}) {
            const auto size = std::min<std::size_t>(20, expected.size() - from);
            const auto first = expected.begin() + static_cast<std::ptrdiff_t>(from);
            ASSERT_EQ(part_of(list, from, 20, false),
                      std::vector<Slot>(first, first + static_cast<std::ptrdiff_t>(size)));
            const auto last = expected.rbegin() + static_cast<std::ptrdiff_t>(from);
            ASSERT_EQ(part_of(list, from, 20, true), std::vector<Slot>(last, last + static_cast<std::ptrdiff_t>(size)));
        }
    }
}

TEST(OrderedSlots, takes_rows_that_come_in_order_and_in_reverse) {
    std::vector<std::uint32_t> weights(3000);
    for (std::uint32_t i = 0; i < weights.size(); ++i) weights[i] = i;
    const ByWeight less{weights};
    OrderedSlots rising, falling;
    for (Slot slot = 0; slot < weights.size(); ++slot) rising.insert(slot, less);
    for (Slot slot = static_cast<Slot>(weights.size()); slot-- > 0;) falling.insert(slot, less);
    EXPECT_EQ(all_of(rising), all_of(falling));
    EXPECT_EQ(all_of(rising).front(), 0U);
    EXPECT_EQ(all_of(rising).back(), 2999U);
}

TEST(OrderedSlots, starts_over_with_a_whole_list) {
    std::mt19937 random(5);
    const auto weights = shuffled_weights(2000, random);
    const ByWeight less{weights};
    OrderedSlots list;
    list.insert(7, less);
    std::vector<Slot> slots(2000);
    for (Slot slot = 0; slot < slots.size(); ++slot) slots[slot] = slot;
    std::ranges::sort(slots, less);
    list.assign(slots);
    EXPECT_EQ(all_of(list), slots);
    list.erase(slots[1000], less);
    list.insert(slots[1000], less);
    EXPECT_EQ(all_of(list), slots);
    list.assign({});
    EXPECT_EQ(list.size(), 0U);
}

}  // namespace onhand::engine
