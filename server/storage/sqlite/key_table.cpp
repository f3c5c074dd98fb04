#include "storage/sqlite/key_table.hpp"

#include <cstring>

#include "base/ensure.hpp"

namespace onhand::storage::sqlite {

std::uint64_t KeyTable::mark_of(const domain::KeyHash& key) {
    std::uint64_t mark = 0;
    std::memcpy(&mark, key.data(), sizeof mark);
    return mark;
}

void KeyTable::put(std::vector<Slot>& slots, Slot slot) {
    const std::size_t mask = slots.size() - 1;
    std::size_t i = slot.mark & mask;
    while (slots[i].place != 0) i = (i + 1) & mask;
    slots[i] = slot;
}

void KeyTable::grow(Part& part) {
    std::vector<Slot> larger(part.slots.empty() ? slots_first : part.slots.size() * 2);
    for (const Slot& slot : part.slots)
        if (slot.place != 0) put(larger, slot);
    part.slots = std::move(larger);
}

void KeyTable::insert(const domain::KeyHash& key, Place place) {
    if (key == domain::KeyHash{}) return;
    ensure(place.row > 0, "a key's row is above 0");
    Part& part = parts_[part_of(key)];
    if ((part.used + 1) * 4 > part.slots.size() * 3) grow(part);
    put(part.slots, {mark_of(key), pack(place)});
    ++part.used;
    ++size_;
}

}  // namespace onhand::storage::sqlite
