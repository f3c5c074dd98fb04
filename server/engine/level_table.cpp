#include "engine/level_table.hpp"

namespace onhand::engine {

// A field that stays as it is need not be written: its cache line stays where it is.
void LevelTable::change(Number& field, std::int64_t value) {
    if (field.load(std::memory_order_relaxed) != value) field.store(value, std::memory_order_release);
}

// One thread at a time writes, so nothing can come between reading the word and writing it.
void LevelTable::change_bit(StateBits& bits, Slot slot, bool on) {
    auto& word = bits[slot / 64];
    const auto bit = std::uint64_t{1} << slot % 64;
    const auto before = word.load(std::memory_order_relaxed);
    const auto after = on ? before | bit : before & ~bit;
    if (after != before) word.store(after, std::memory_order_relaxed);
}

Slot LevelTable::append(const Place& place, const domain::StockLevel& level, domain::Quantity reorder_point) {
    const auto slot = static_cast<Slot>(size());
    products_.append() = place.product;
    locations_.append() = place.location;
    categories_.append() = place.category;
    nexts_.append() = place.next;
    for (auto* column : {&on_hand_, &held_, &allocated_, &available_, &updated_at_}) column->append();
    rest_.append();
    if (slot % 64 == 0) {
        out_.append();
        low_.append();
    }
    store(slot, level, reorder_point);
    return slot;
}

void LevelTable::store(Slot slot, const domain::StockLevel& level, domain::Quantity reorder_point) {
    auto& rest = rest_[slot];
    const auto turn = rest.turn.load(std::memory_order_relaxed);
    rest.turn.store(turn + 1, std::memory_order_relaxed);
    change(on_hand_[slot], level.on_hand);
    change(rest.unavailable, level.unavailable);
    change(held_[slot], level.held);
    change(allocated_[slot], level.allocated);
    change(rest.incoming, level.incoming);
    change(rest.version, level.version);
    change(updated_at_[slot], level.updated_at);
    rest.turn.store(turn + 2, std::memory_order_release);
    change(available_[slot], level.available());
    judge_state(slot, reorder_point);
}

void LevelTable::judge_state(Slot slot, domain::Quantity reorder_point) {
    const auto available = available_[slot].load(std::memory_order_relaxed);
    change_bit(out_, slot, available == 0);
    change_bit(low_, slot, available > 0 && available <= reorder_point);
}

domain::StockLevel LevelTable::load(Slot slot, domain::LevelKey key) const {
    domain::StockLevel level;
    level.key = key;
    const auto& rest = rest_[slot];
    for (;;) {
        const auto before = rest.turn.load(std::memory_order_acquire);
        level.on_hand = on_hand_[slot].load(std::memory_order_acquire);
        level.unavailable = rest.unavailable.load(std::memory_order_acquire);
        level.held = held_[slot].load(std::memory_order_acquire);
        level.allocated = allocated_[slot].load(std::memory_order_acquire);
        level.incoming = rest.incoming.load(std::memory_order_acquire);
        level.version = rest.version.load(std::memory_order_acquire);
        level.updated_at = updated_at_[slot].load(std::memory_order_acquire);
        const auto after = rest.turn.load(std::memory_order_relaxed);
        if (before == after && before % 2 == 0) return level;
    }
}

}  // namespace onhand::engine
