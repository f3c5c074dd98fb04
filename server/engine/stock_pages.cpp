#include "engine/stock_pages.hpp"

#include <algorithm>
#include <optional>

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
    const auto number = column[level].load(std::memory_order_relaxed);
    return descending ? ~number : number;
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

// Rows with their numbers, by SKU.
struct Gathered {
    std::vector<std::int64_t> keys;
    std::vector<Slot> slots;
    std::size_t before = 0;  // rows below the bounds
};

// Gathers the rows within the bounds; of those that equal the upper one the first `equal_max` only.
void gather(const StockTable& table, const StockFilter& filter, const Bits* bits, const KeyBounds& bounds,
            std::size_t equal_max, Gathered& rows) {
    const Column64& column = column_of(table.levels(), filter.sort);
    rows.keys.clear();
    rows.slots.clear();
    rows.before = 0;
    table.by_sku().forward(0, [&](Slot slot) {
        const auto key = key_of(column, slot, filter.descending);
        if (key > bounds.high || (bits != nullptr && !has_bit(*bits, slot))) return true;
        if (key < bounds.low) {
            ++rows.before;
            return true;
        }
        if (key == bounds.high) {
            if (equal_max == 0) return true;
            --equal_max;
        }
        rows.keys.push_back(key);
        rows.slots.push_back(slot);
        return true;
    });
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
    if (rows.before > part.first || rows.before + rows.keys.size() < part.last)
        gather(table, filter, bits, {}, total, rows);
    const auto last = std::min(part.last - rows.before, rows.keys.size());
    const auto first = std::min(part.first - rows.before, last);
    std::vector<Slot> page;
    for (const auto position : pick_page(rows.keys, first, last)) page.push_back(rows.slots[position]);
    return page;
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
