#include "engine/product_table.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/ensure.hpp"

namespace onhand::engine {

namespace {

constexpr std::size_t text_piece_bytes = 256 * 1024;
constexpr std::size_t dense_ids_first = 64 * 1024;

std::uint32_t hash_of(std::string_view sku) {
    const auto hash = std::hash<std::string_view>{}(sku);
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

char* append(char* to, const std::string& text) {
    std::memcpy(to, text.data(), text.size());
    to[text.size()] = '\0';
    return to + text.size() + 1;
}

}  // namespace

// The array may be at most four times as long as it has ids; other ids are rare.
void IdMap::put(std::int64_t id, Slot slot) {
    const auto bound = std::max(dense_ids_first, (std::size_t{slot} + 1) * 4);
    if (id < 0 || static_cast<std::size_t>(id) >= bound) {
        sparse_[id] = slot;
        return;
    }
    const auto at = static_cast<std::size_t>(id);
    if (at >= dense_.size()) dense_.resize(at + 1, no_slot);
    dense_[at] = slot;
}

Slot IdMap::find(std::int64_t id) const {
    if (id >= 0 && static_cast<std::size_t>(id) < dense_.size() && dense_[static_cast<std::size_t>(id)] != no_slot)
        return dense_[static_cast<std::size_t>(id)];
    const auto found = sparse_.find(id);
    return found == sparse_.end() ? no_slot : found->second;
}

Slot ProductTable::add(const domain::Product& product) {
    ensure(product.sku.size() <= domain::sku_bytes_max, "a SKU is short");
    const auto slot = static_cast<Slot>(rows_.size());
    auto& row = rows_.append();
    row.id = product.id;
    row.reorder_point = product.reorder_point;
    row.category = intern_category(product.category);
    set_text(row, product);
    ++texts_version_;
    index_.put(slot, text(row));
    by_id_.put(domain::raw(product.id), slot);
    remember_sku(hash_of(product.sku), slot);
    return slot;
}

void ProductTable::fill(Slot slot, const domain::Product& product) {
    auto& row = rows_[slot];
    row.reorder_point = product.reorder_point;
    row.category = intern_category(product.category);
    const std::string_view barcode(row.text + row.sku_bytes + row.name_bytes + 2, row.barcode_bytes);
    if (product.name == name(slot) && product.barcode == barcode) return;
    dead_text_bytes_ += text(row).size() + 1;
    set_text(row, product);
    ++texts_version_;
    index_.put(slot, text(row));
    if (dead_text_bytes_ > text_piece_bytes && dead_text_bytes_ > text_bytes_ / 2) compact_texts();
}

void ProductTable::set_text(Row& row, const domain::Product& product) {
    ensure(product.name.size() <= domain::name_bytes_max && product.barcode.size() <= domain::barcode_bytes_max,
           "the texts of a product are short");
    row.sku_bytes = static_cast<std::uint8_t>(product.sku.size());
    row.name_bytes = static_cast<std::uint16_t>(product.name.size());
    row.barcode_bytes = static_cast<std::uint8_t>(product.barcode.size());
    char* const room = take_room(product.sku.size() + product.name.size() + product.barcode.size() + 3);
    append(append(append(room, product.sku), product.name), product.barcode);
    row.text = room;
}

char* ProductTable::take_room(std::size_t bytes) {
    if (texts_.empty() || last_text_used_ + bytes > text_piece_bytes) {
        texts_.push_back(std::make_unique_for_overwrite<char[]>(text_piece_bytes));
        last_text_used_ = 0;
    }
    char* const room = texts_.back().get() + last_text_used_;
    last_text_used_ += bytes;
    text_bytes_ += bytes;
    return room;
}

// Writes the living texts anew, in the order of the rows.
void ProductTable::compact_texts() {
    const auto old = std::move(texts_);
    texts_.clear();
    text_bytes_ = dead_text_bytes_ = 0;
    for (Slot slot = 0; slot < rows_.size(); ++slot) {
        auto& row = rows_[slot];
        const auto all = text(row);
        char* const room = take_room(all.size() + 1);
        std::memcpy(room, all.data(), all.size() + 1);
        row.text = room;
    }
}

std::string_view ProductTable::text(const Row& row) const {
    return {row.text, std::size_t{row.sku_bytes} + row.name_bytes + row.barcode_bytes + 2};
}

std::string_view ProductTable::sku(Slot slot) const {
    const auto& row = rows_[slot];
    return {row.text, row.sku_bytes};
}

std::string_view ProductTable::name(Slot slot) const {
    const auto& row = rows_[slot];
    return {row.text + row.sku_bytes + 1, row.name_bytes};
}

Slot ProductTable::find(std::string_view sku) const {
    if (by_sku_.empty()) return no_slot;
    const auto hash = hash_of(sku);
    const auto mask = by_sku_.size() - 1;
    for (auto at = hash & mask; by_sku_[at].slot != no_slot; at = (at + 1) & mask)
        if (by_sku_[at].hash == hash && this->sku(by_sku_[at].slot) == sku) return by_sku_[at].slot;
    return no_slot;
}

// At most two thirds of the places are taken.
void ProductTable::remember_sku(std::uint32_t hash, Slot slot) {
    constexpr std::size_t places_first = 1024;
    if (rows_.size() * 3 > by_sku_.size() * 2) {
        auto old = std::move(by_sku_);
        by_sku_.assign(std::max(places_first, old.size() * 2), Named{});
        for (const auto& named : old)
            if (named.slot != no_slot) place_sku(named);
    }
    place_sku({hash, slot});
}

void ProductTable::place_sku(Named named) {
    const auto mask = by_sku_.size() - 1;
    auto at = named.hash & mask;
    while (by_sku_[at].slot != no_slot) at = (at + 1) & mask;
    by_sku_[at] = named;
}

Slot ProductTable::intern_category(const std::string& name) {
    const auto [found, added] = category_slots_.try_emplace(name, static_cast<Slot>(categories_.size()));
    if (added) categories_.push_back(name);
    return found->second;
}

Slot ProductTable::category_of(const std::string& name) const {
    const auto found = category_slots_.find(name);
    return found == category_slots_.end() ? no_slot : found->second;
}

std::shared_ptr<const Bits> ProductTable::search(const std::vector<std::string>& words) const {
    constexpr std::size_t searches_max = 16;
    {
        const std::lock_guard lock(searching_);
        const auto known = std::ranges::find_if(searches_, [&](const Search& search) {
            return search.texts_version == texts_version_ && search.words == words;
        });
        if (known != searches_.end()) {
            std::rotate(known, known + 1, searches_.end());
            return searches_.back().found;
        }
    }
    auto found = std::make_shared<const Bits>(search_texts(words));
    const std::lock_guard lock(searching_);
    if (searches_.size() == searches_max) searches_.erase(searches_.begin());
    searches_.push_back({words, texts_version_, found});
    return found;
}

Bits ProductTable::search_texts(const std::vector<std::string>& words) const {
    Bits found = index_.candidates(words);
    if (SearchIndex::is_exact(words)) return found;
    std::vector<Slot> slots;
    slots.reserve(count_bits(found));
    each_bit(found, [&](std::size_t slot) { slots.push_back(static_cast<Slot>(slot)); });
    // Rows and texts lie far apart: they are fetched some steps before they are looked at.
    constexpr std::size_t row_ahead = 24;
    constexpr std::size_t text_ahead = 12;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (i + row_ahead < slots.size()) __builtin_prefetch(&rows_[slots[i + row_ahead]]);
        if (i + text_ahead < slots.size()) __builtin_prefetch(rows_[slots[i + text_ahead]].text);
        const auto all = text(rows_[slots[i]]);
        const bool fits = std::ranges::all_of(words, [&](const auto& word) { return has_word(all, word); });
        if (!fits) clear_bit(found, slots[i]);
    }
    return found;
}

}  // namespace onhand::engine
