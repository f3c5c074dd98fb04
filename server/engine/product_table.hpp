#pragma once
// The products of the stock view: one short row each, their texts behind one another in large pieces of memory, and the
// ways to find them by SKU, by id and by text. About 190 bytes a product with texts of 45. Owned by the stock table;
// changed only while nobody reads (the stock view's lock sees to that).

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/catalogue.hpp"
#include "engine/column.hpp"
#include "engine/ordered_slots.hpp"
#include "engine/search_index.hpp"

namespace onhand::engine {

// Finds row numbers by a 64-bit number that mostly counts up: a plain array, and a map for what lies far off.
class IdMap {
  public:
    void put(std::int64_t id, Slot slot);
    Slot find(std::int64_t id) const;

  private:
    std::vector<Slot> dense_;
    std::unordered_map<std::int64_t, Slot> sparse_;
};

class ProductTable {
  public:
    struct Row {
        domain::ProductId id{};
        std::int64_t version = 0;
        domain::Quantity reorder_point = 0;
        const char* text = nullptr;  // SKU, name and barcode, each ended by U+0000
        Slot category = 0;
        Slot first_level = no_slot;
        std::uint16_t name_bytes = 0;
        std::uint8_t sku_bytes = 0;
        std::uint8_t barcode_bytes = 0;
        bool archived = false;
    };

    // Adds a product whose SKU is new. Its row has everything but a version.
    Slot add(const domain::Product& product);
    // Takes over name, category, barcode and reorder point.
    void fill(Slot slot, const domain::Product& product);

    std::size_t size() const { return rows_.size(); }
    Row& row(Slot slot) { return rows_[slot]; }
    const Row& row(Slot slot) const { return rows_[slot]; }
    std::string_view sku(Slot slot) const;
    std::string_view name(Slot slot) const;

    Slot find(std::string_view sku) const;
    Slot find(domain::ProductId id) const { return by_id_.find(domain::raw(id)); }

    // Categories by their number; they are never forgotten.
    const std::string& category(Slot category) const { return categories_[category]; }
    std::size_t categories() const { return categories_.size(); }
    Slot category_of(const std::string& name) const;

    // The products whose SKU, name or barcode have all the words of a search (of words_of()). The last few searches are
    // remembered until a text changes: the next page of a list asks the same again.
    std::shared_ptr<const Bits> search(const std::vector<std::string>& words) const;

  private:
    struct Search {
        std::vector<std::string> words;
        std::uint64_t texts_version = 0;
        std::shared_ptr<const Bits> found;
    };
    struct Named {
        std::uint32_t hash = 0;
        Slot slot = no_slot;
    };

    Bits search_texts(const std::vector<std::string>& words) const;
    Slot intern_category(const std::string& name);
    void set_text(Row& row, const domain::Product& product);
    std::string_view text(const Row& row) const;
    char* take_room(std::size_t bytes);
    void compact_texts();
    void remember_sku(std::uint32_t hash, Slot slot);
    void place_sku(Named named);

    Column<Row> rows_;
    std::vector<std::unique_ptr<char[]>> texts_;
    std::size_t last_text_used_ = 0;  // bytes of the last piece of texts_
    std::size_t text_bytes_ = 0;
    std::size_t dead_text_bytes_ = 0;
    std::vector<Named> by_sku_;  // a power of two of places, open addressing
    IdMap by_id_;
    std::vector<std::string> categories_;
    std::unordered_map<std::string, Slot> category_slots_;
    SearchIndex index_;
    std::uint64_t texts_version_ = 0;
    mutable std::mutex searching_;
    mutable std::vector<Search> searches_;  // the latest at the end
};

}  // namespace onhand::engine
