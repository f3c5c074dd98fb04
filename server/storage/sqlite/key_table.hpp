#pragma once
// Where the answers of recent idempotency keys are: a table in memory from key to row, because an index in the file
// would cost random pages on the commit path. Holds 8 of the 16 bytes of each key (they are a hash, so nearly all
// different); whoever looks up reads the row and compares the whole key. Older keys are in runs, see key_index.hpp.
// Lane thread only. 22 to 43 bytes a key.

#include <array>
#include <cstdint>
#include <vector>

#include "domain/changes.hpp"

namespace onhand::storage::sqlite {

class KeyTable {
  public:
    enum class Source : std::uint8_t { order = 0, answer = 1 };

    struct Place {
        Source source = Source::order;
        std::int64_t row = 0;  // 1 to 2^62
    };

    // Adds a key; nil keys are ignored.
    void insert(const domain::KeyHash& key, Place place);

    // Calls `visit(place)` for each row the key may be in, until it returns true. Returns whether it did.
    template <class Visit>
    bool find(const domain::KeyHash& key, Visit&& visit) const {
        const Part& part = parts_[part_of(key)];
        if (part.slots.empty()) return false;
        const std::uint64_t mark = mark_of(key);
        const std::size_t mask = part.slots.size() - 1;
        for (std::size_t i = mark & mask; part.slots[i].place != 0; i = (i + 1) & mask)
            if (part.slots[i].mark == mark && visit(unpack(part.slots[i].place))) return true;
        return false;
    }

    std::size_t size() const { return size_; }

    // The part of a key that is kept.
    static std::uint64_t mark_of(const domain::KeyHash& key);
    // A place as one number, and back.
    static std::uint64_t pack(Place place) {
        return static_cast<std::uint64_t>(place.row) << 1 | static_cast<std::uint64_t>(place.source);
    }
    static Place unpack(std::uint64_t place) {
        return {static_cast<Source>(place & 1), static_cast<std::int64_t>(place >> 1)};
    }

  private:
    struct Slot {
        std::uint64_t mark = 0;
        std::uint64_t place = 0;  // row * 2 + source; 0 = free
    };
    // Many small parts that grow one at a time: growing one large table would hold up a batch for long.
    struct Part {
        std::vector<Slot> slots;  // a power of two, at most 3/4 full
        std::size_t used = 0;
    };
    static constexpr std::size_t parts_count = 512;
    static constexpr std::size_t slots_first = 16;

    static std::size_t part_of(const domain::KeyHash& key) { return key[15] | (key[14] & 1U) << 8; }
    static void put(std::vector<Slot>& slots, Slot slot);
    static void grow(Part& part);

    std::array<Part, parts_count> parts_;
    std::size_t size_ = 0;
};

}  // namespace onhand::storage::sqlite
