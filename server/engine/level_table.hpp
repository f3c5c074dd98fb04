#pragma once
// The stock levels of the stock view, a column a quantity, so that a sweep over one of them reads nothing else. One
// writer changes a level while many readers look: a sequence lock over the fields of each row. Readers never block the
// writer; they read again when a change came between.
// Method: Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012), figure 6, with
// acquire loads and release stores on the fields in place of fences, which ThreadSanitizer does not know.

#include <atomic>
#include <cstdint>

#include "domain/level.hpp"
#include "engine/column.hpp"
#include "engine/ordered_slots.hpp"

namespace onhand::engine {

class LevelTable {
  public:
    using Number = std::atomic<std::int64_t>;

    // Where the level belongs.
    struct Place {
        Slot product = 0;
        Slot location = 0;
        Slot category = 0;
        Slot next = no_slot;  // of the same product
    };

    // Appends a level; while nobody reads.
    Slot append(const Place& place, const domain::StockLevel& level, domain::Quantity reorder_point);
    // Changes a level. One thread at a time, readers may look on.
    void store(Slot slot, const domain::StockLevel& level, domain::Quantity reorder_point);
    // What the level counts as (low, out) after its product's reorder point changed. As store().
    void judge_state(Slot slot, domain::Quantity reorder_point);

    // The whole level as of one moment. Any thread.
    domain::StockLevel load(Slot slot, domain::LevelKey key) const;
    // Only by the thread that stores.
    std::int64_t version(Slot slot) const { return rest_[slot].version.load(std::memory_order_relaxed); }

    std::size_t size() const { return products_.size(); }
    Slot product(Slot slot) const { return products_[slot]; }
    Slot next(Slot slot) const { return nexts_[slot]; }
    const Column<Slot>& locations() const { return locations_; }
    const Column<Slot>& categories() const { return categories_; }
    // While nobody reads.
    void set_category(Slot slot, Slot category) { categories_[slot] = category; }

    const Column<Number>& on_hand() const { return on_hand_; }
    const Column<Number>& held() const { return held_; }
    const Column<Number>& allocated() const { return allocated_; }
    const Column<Number>& available() const { return available_; }
    const Column<Number>& updated_at() const { return updated_at_; }

    // The states of 64 levels, the first of which is 64 * word.
    std::uint64_t out_bits(std::size_t word) const { return out_[word].load(std::memory_order_relaxed); }
    std::uint64_t low_bits(std::size_t word) const { return low_[word].load(std::memory_order_relaxed); }

  private:
    // What no sweep reads.
    struct Rest {
        std::atomic<std::uint32_t> turn{0};
        Number unavailable{0}, incoming{0}, version{0};
    };
    using StateBits = Column<std::atomic<std::uint64_t>>;

    static void change(Number& field, std::int64_t value);
    static void change_bit(StateBits& bits, Slot slot, bool on);

    Column<Slot> products_, locations_, categories_, nexts_;
    Column<Number> on_hand_, held_, allocated_, available_, updated_at_;
    Column<Rest> rest_;
    StateBits out_, low_;
};

}  // namespace onhand::engine
