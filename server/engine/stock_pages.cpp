#include "engine/stock_pages.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <span>

#include "engine/page_pick.hpp"
#include "engine/sampled_bounds.hpp"

namespace onhand::engine {

namespace {

// So many rows are sorted faster than found by walking along an order of all.
constexpr std::size_t few_rows = 256;

bool is_live(StockSort sort) {
    return sort != StockSort::sku && sort != StockSort::name && sort != StockSort::category;
}

using Column64 = Column<LevelTable::Number>;

const Column64& column_of(const LevelTable& levels, StockSort sort) {
    switch (sort) {
        case StockSort::on_hand:
            return levels.on_hand();
        case StockSort::held:
            return levels.held();
        case StockSort::allocated:
            return levels.allocated();
        case StockSort::updated_at:
            return levels.updated_at();
        default:
            return levels.available();
    }
}

const OrderedSlots& order_of(const StockTable& table, StockSort sort) {
    if (sort == StockSort::name) return table.by_name();
    if (sort == StockSort::category) return table.by_category();
    return table.by_sku();
}

// The part [first, last) of a list of `size` rows.
struct Part {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t size() const { return last - first; }
};

Part part_of(std::int64_t offset, std::int64_t limit, std::size_t size) {
    const auto first = std::min(static_cast<std::size_t>(offset), size);
    return {first, std::min(first + static_cast<std::size_t>(limit), size)};
}

// The number of a level in the column, such that a descending order is an ascending one of these.
std::int64_t key_of(const Column64& column, Slot level, bool descending) {
    // Minus one has all bits set.
    return column[level].load(std::memory_order_relaxed) ^ -std::int64_t{descending};
}

// Keeps the bits of levels that have this number in the column.
void keep_equal(Bits& bits, const Column<Slot>& column, Slot wanted) {
    for (std::size_t word = 0; word < bits.size(); ++word) {
        if (bits[word] == 0) continue;
        const auto first = word * 64;
        const auto count = std::min<std::size_t>(64, column.size() - first);
        // The 64 of a word lie in one piece of the column.
        const Slot* const numbers = &column[first];
        std::uint64_t equal = 0;
        for (std::size_t i = 0; i < count; ++i) equal |= std::uint64_t{numbers[i] == wanted} << i;
        bits[word] &= equal;
    }
}

void keep_state(Bits& bits, const LevelTable& levels, StockState state) {
    for (std::size_t word = 0; word < bits.size(); ++word) {
        const auto out = levels.out_bits(word);
        const auto low = levels.low_bits(word);
        bits[word] &= state == StockState::out ? out : state == StockState::low ? low : ~(out | low);
    }
}

// The levels that the filter lets through; nullopt when it names a location or category that does not exist.
std::optional<Bits> matching(const StockTable& table, const StockFilter& filter) {
    const auto location = filter.location ? table.find_location(*filter.location) : no_slot;
    const auto category = filter.category ? table.products().category_of(*filter.category) : no_slot;
    if ((filter.location && location == no_slot) || (filter.category && category == no_slot)) return std::nullopt;
    Bits bits = table.shown();
    const auto words = words_of(filter.search);
    if (!words.empty()) {
        const auto found = table.levels_of(*table.products().search(words));
        for (std::size_t word = 0; word < bits.size(); ++word) bits[word] &= found[word];
    }
    const auto& levels = table.levels();
    if (filter.state != StockState::any) keep_state(bits, levels, filter.state);
    if (filter.location) keep_equal(bits, levels.locations(), location);
    if (filter.category) keep_equal(bits, levels.categories(), category);
    return bits;
}

// Sorts rows that are few, and cuts the page out.
std::vector<Slot> page_of_few(const StockTable& table, const StockFilter& filter, std::vector<Slot> slots) {
    std::ranges::sort(slots, [&](Slot a, Slot b) { return table.before_by_sku(a, b); });
    if (is_live(filter.sort)) {
        // The numbers change meanwhile: each is read once.
        const auto& column = column_of(table.levels(), filter.sort);
        std::vector<std::pair<std::int64_t, Slot>> keyed;
        for (const auto slot : slots) keyed.emplace_back(key_of(column, slot, filter.descending), slot);
        std::ranges::stable_sort(keyed, {}, &std::pair<std::int64_t, Slot>::first);
        std::ranges::transform(keyed, slots.begin(), &std::pair<std::int64_t, Slot>::second);
    } else {
        if (filter.sort == StockSort::name)
            std::ranges::sort(slots, [&](Slot a, Slot b) { return table.before_by_name(a, b); });
        if (filter.sort == StockSort::category)
            std::ranges::sort(slots, [&](Slot a, Slot b) { return table.before_by_category(a, b); });
        if (filter.descending) std::ranges::reverse(slots);
    }
    const auto part = part_of(filter.offset, filter.limit, slots.size());
    return {slots.begin() + static_cast<std::ptrdiff_t>(part.first),
            slots.begin() + static_cast<std::ptrdiff_t>(part.last)};
}

// Walks along an order that is kept. `bits` may be null: then all rows count.
std::vector<Slot> page_of_order(const OrderedSlots& order, bool descending, Part part, const Bits* bits) {
    std::vector<Slot> slots;
    if (part.size() == 0) return slots;
    auto to_skip = bits != nullptr ? part.first : 0;
    const auto visit = [&](Slot slot) {
        if (bits != nullptr && !has_bit(*bits, slot)) return true;
        if (to_skip > 0) {
            --to_skip;
            return true;
        }
        slots.push_back(slot);
        return slots.size() < part.size();
    };
    const auto from = bits != nullptr ? 0 : part.first;
    if (descending)
        order.backward(from, visit);
    else
        order.forward(from, visit);
    return slots;
}

// The numbers of some thousand of the rows.
std::vector<std::int64_t> sample_of(const StockTable& table, const StockFilter& filter, const Bits* bits) {
    constexpr std::size_t sample_rows = 4096;
    const auto places = table.shown().size() * 64;
    const Column64& column = column_of(table.levels(), filter.sort);
    const Bits& among = bits != nullptr ? *bits : table.shown();
    std::vector<std::int64_t> sample;
    for (std::size_t i = 0; i < sample_rows; ++i) {
        const auto at = sampled_place(i, places);
        if (has_bit(among, at)) sample.push_back(key_of(column, static_cast<Slot>(at), filter.descending));
    }
    return sample;
}

// The rows within the bounds, by SKU. Those that equal a bound may be most of the table (a million levels of one import
// were updated at the same time), and need not be sorted.
struct Gathered {
    std::size_t before = 0;  // rows below the lower bound
    std::vector<Slot> at_low;
    std::vector<std::int64_t> keys;  // of the rows between the bounds
    std::vector<Slot> between;
    std::vector<Slot> at_high;

    void clear() {
        before = 0;
        at_low.clear();
        keys.clear();
        between.clear();
        at_high.clear();
    }
    std::size_t end() const { return before + at_low.size() + between.size() + at_high.size(); }
};

// Gathers the rows of a table, a few at a time.
class Sweep {
  public:
    // So many rows have one bit each in a word.
    static constexpr std::size_t rows_max = 64;

    // No more rows that equal the upper bound are taken once there are `at_high_max`.
    Sweep(const StockTable& table, const StockFilter& filter, const Bits* bits, const KeyBounds& bounds,
          std::size_t at_high_max, Gathered& rows)
        : column_(column_of(table.levels(), filter.sort)),
          descending_(filter.descending),
          bits_(bits),
          bounds_(bounds),
          at_high_max_(at_high_max),
          rows_(rows) {}

    // At most rows_max. Where few of them count, only those are looked at.
    void take(std::span<const Slot> slots) {
        constexpr int few_counted = 16;
        if (bits_ == nullptr) return take_most(slots, ~std::uint64_t{0});
        std::uint64_t counted = 0;
        for (std::size_t i = 0; i < slots.size(); ++i) counted |= std::uint64_t{has_bit(*bits_, slots[i])} << i;
        if (std::popcount(counted) > few_counted) return take_most(slots, counted);
        each_bit(counted, [&](std::size_t i) {
            const auto key = key_of(column_, slots[i], descending_);
            if (key < bounds_.low)
                ++rows_.before;
            else if (key <= bounds_.high)
                place(slots[i], key);
        });
    }

  private:
    // What a row is to the bounds goes into bits, not branches: of rows on both sides in no order the processor would
    // guess every second one wrong, and a million would take four times as long.
    void take_most(std::span<const Slot> slots, std::uint64_t counted) {
        const std::int64_t reach = bounds_.high - std::int64_t{is_full() && bounds_.high > bounds_.low};
        if (bounds_.low == KeyBounds{}.low && least_of(slots) > reach) return;
        // Below the lower bound wraps around and is then far above the upper one.
        const auto low = static_cast<std::uint64_t>(bounds_.low);
        const auto width = static_cast<std::uint64_t>(reach) - low;
        std::array<std::int64_t, rows_max> keys{};  // each is read once: they change meanwhile
        std::uint64_t below = 0, within = 0;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            keys[i] = key_of(column_, slots[i], descending_);
            below |= std::uint64_t{keys[i] < bounds_.low} << i;
            within |= std::uint64_t{static_cast<std::uint64_t>(keys[i]) - low <= width} << i;
        }
        rows_.before += static_cast<std::size_t>(std::popcount(below & counted));
        each_bit(within & counted, [&](std::size_t i) { place(slots[i], keys[i]); });
    }

    // Of a page at the beginning most rows lie behind, and to see the least of some is cheaper than to place each.
    std::int64_t least_of(std::span<const Slot> slots) const {
        auto least = std::numeric_limits<std::int64_t>::max();
        for (const auto slot : slots) least = std::min(least, key_of(column_, slot, descending_));
        return least;
    }

    // Puts a row within the bounds where it belongs.
    void place(Slot slot, std::int64_t key) {
        if (key == bounds_.high) {
            if (!is_full()) rows_.at_high.push_back(slot);
        } else if (key == bounds_.low) {
            rows_.at_low.push_back(slot);
        } else {
            rows_.keys.push_back(key);
            rows_.between.push_back(slot);
        }
    }

    bool is_full() const { return rows_.at_high.size() >= at_high_max_; }

    const Column64& column_;
    const bool descending_;
    const Bits* const bits_;
    const KeyBounds bounds_;
    const std::size_t at_high_max_;
    Gathered& rows_;
};

// Gathers the rows within the bounds; of those that equal the upper one the first `at_high_max` only.
void gather(const StockTable& table, const StockFilter& filter, const Bits* bits, const KeyBounds& bounds,
            std::size_t at_high_max, Gathered& rows) {
    rows.clear();
    Sweep sweep(table, filter, bits, bounds, at_high_max, rows);
    table.by_sku().each_piece([&sweep](std::span<const Slot> slots) {
        for (; slots.size() > Sweep::rows_max; slots = slots.subspan(Sweep::rows_max))
            sweep.take(slots.first(Sweep::rows_max));
        sweep.take(slots);
    });
}

// What [part.first, part.last) of all rows has in common with `size` rows from `begin` on, counted from there.
Part shared_part(Part part, std::size_t begin, std::size_t size) {
    const auto from_begin = [&](std::size_t rank) { return std::min(std::max(rank, begin) - begin, size); };
    return {from_begin(part.first), from_begin(part.last)};
}

std::vector<Slot> page_of(const Gathered& rows, Part part) {
    std::vector<Slot> page;
    const auto append = [&](const std::vector<Slot>& slots, Part shared) {
        page.insert(page.end(), slots.begin() + static_cast<std::ptrdiff_t>(shared.first),
                    slots.begin() + static_cast<std::ptrdiff_t>(shared.last));
    };
    auto begin = rows.before;
    append(rows.at_low, shared_part(part, begin, rows.at_low.size()));
    begin += rows.at_low.size();
    const auto shared = shared_part(part, begin, rows.between.size());
    for (const auto position : pick_page(rows.keys, shared.first, shared.last)) page.push_back(rows.between[position]);
    begin += rows.between.size();
    append(rows.at_high, shared_part(part, begin, rows.at_high.size()));
    return page;
}

// The page in the order of a column that is not kept in order. The sweep goes by SKU, so that equal numbers stand so.
// Only the rows near the page are needed: its bounds are guessed from a sample.
std::vector<Slot> page_of_live(const StockTable& table, const StockFilter& filter, const Bits* bits,
                               std::size_t total) {
    // Kept from call to call: a thread that answers readers needs 12 bytes a level again and again.
    thread_local Gathered rows;
    const auto part = part_of(filter.offset, filter.limit, total);
    auto sample = sample_of(table, filter, bits);
    gather(table, filter, bits, guess_bounds(sample, total, part.first, part.last), part.last, rows);
    // A guess may be wrong, and numbers change while they are looked at.
    if (rows.before > part.first || rows.end() < part.last) gather(table, filter, bits, {}, total, rows);
    return page_of(rows, part);
}

std::vector<Slot> rows_of(const Bits& bits) {
    std::vector<Slot> slots;
    each_bit(bits, [&](std::size_t slot) { slots.push_back(static_cast<Slot>(slot)); });
    return slots;
}

// The levels of one product, few as they are.
PickedRows pick_of_product(const StockTable& table, const StockFilter& filter) {
    PickedRows picked;
    const auto product = table.products().find(*filter.sku);
    if (product == no_slot || table.products().row(product).archived) return picked;
    StockFilter rest = filter;
    rest.sku.reset();
    Bits own(table.shown().size());
    for (const auto slot : table.levels_of(product)) set_bit(own, slot);
    const auto bits = matching(table, rest);
    if (!bits) return picked;
    for (std::size_t word = 0; word < own.size(); ++word) own[word] &= (*bits)[word];
    auto slots = rows_of(own);
    picked.total = static_cast<std::int64_t>(slots.size());
    picked.slots = page_of_few(table, filter, std::move(slots));
    return picked;
}

}  // namespace

PickedRows pick_levels(const StockTable& table, const StockFilter& filter) {
    if (filter.sku) return pick_of_product(table, filter);
    PickedRows picked;
    std::optional<Bits> bits;
    auto total = table.by_sku().size();
    const bool narrowed =
        !words_of(filter.search).empty() || filter.location || filter.category || filter.state != StockState::any;
    if (narrowed) {
        bits = matching(table, filter);
        if (!bits) return picked;
        total = count_bits(*bits);
    }
    picked.total = static_cast<std::int64_t>(total);
    const auto part = part_of(filter.offset, filter.limit, total);
    if (part.size() == 0) return picked;
    const Bits* const chosen = narrowed ? &*bits : nullptr;
    if (narrowed && total <= few_rows)
        picked.slots = page_of_few(table, filter, rows_of(*bits));
    else if (is_live(filter.sort))
        picked.slots = page_of_live(table, filter, chosen, total);
    else
        picked.slots = page_of_order(order_of(table, filter.sort), filter.descending, part, chosen);
    return picked;
}

PickedRows pick_products(const StockTable& table, const ProductFilter& filter) {
    PickedRows picked;
    const auto& products = table.products();
    const auto& order = filter.archived ? table.archived_products() : table.active_products();
    const auto words = words_of(filter.search);
    const auto category = filter.category ? products.category_of(*filter.category) : no_slot;
    if (filter.category && category == no_slot) return picked;
    if (words.empty() && !filter.category) {
        picked.total = static_cast<std::int64_t>(order.size());
        picked.slots = page_of_order(order, false, part_of(filter.offset, filter.limit, order.size()), nullptr);
        return picked;
    }
    const auto found = products.search(words);
    order.forward(0, [&](Slot slot) {
        if (!has_bit(*found, slot) || (filter.category && products.row(slot).category != category)) return true;
        if (picked.total >= filter.offset && picked.total < filter.offset + filter.limit) picked.slots.push_back(slot);
        ++picked.total;
        return true;
    });
    return picked;
}

}  // namespace onhand::engine
