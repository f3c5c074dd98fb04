#pragma once
// The rows of the stock view and the orders in which they are shown: products, levels and locations, and the levels by
// SKU, by name and by category, kept in order with each change. Columns that change with every order (available,
// on_hand …) have no order here; see page_pick.hpp. No locks: the stock view says who may call what and when.

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "domain/views.hpp"
#include "engine/level_table.hpp"
#include "engine/ordered_slots.hpp"
#include "engine/product_table.hpp"

namespace onhand::engine {

class StockTable {
  public:
    // Structural changes, while nobody else reads. What is known already, or older than what is known, changes nothing.
    void put_location(const domain::Location& location);
    void put_product(const domain::Product& product);
    // Nothing, when the product or the location is not known yet: another process made it, and the feed will tell of
    // it first and of the level after.
    void put_level(const domain::StockLevel& level);
    // Until this is called rows are only gathered; then they are brought in order by SKU at once. Idempotent.
    void finish_filling();

    // Changes the values of a level that is known; readers may look on. Older versions change nothing.
    void store_level(Slot level, const domain::StockLevel& values);

    Slot find_location(domain::LocationId id) const;
    Slot find_location(std::string_view code) const;  // "" = the default location
    Slot find_level(domain::LevelKey key) const;
    domain::LevelKey key_of(Slot level) const;
    domain::LevelView view_of(Slot level) const;
    // Of a product, by location code.
    std::vector<Slot> levels_of(Slot product) const;

    const LevelTable& levels() const { return levels_; }
    const ProductTable& products() const { return products_; }
    const std::vector<domain::Location>& locations() const { return locations_; }
    std::vector<std::string> categories_in_use() const;  // by name

    // The levels of products that are not archived, in three orders; and the products, by SKU. All but the first are
    // brought up to date by the first reader who asks after rows were added: a few microseconds a row, at most as long
    // as sorting all anew (half a second a million). So an import does not pay for orders that nobody looks at.
    const OrderedSlots& by_sku() const { return by_sku_; }
    const OrderedSlots& by_name() const {
        settle();
        return by_name_;
    }
    const OrderedSlots& by_category() const {
        settle();
        return by_category_;
    }
    const OrderedSlots& active_products() const {
        settle();
        return active_products_;
    }
    const OrderedSlots& archived_products() const {
        settle();
        return archived_products_;
    }
    // The levels of the three orders, as bits by level.
    const Bits& shown() const { return shown_; }
    // The levels of these products.
    Bits levels_of(const Bits& products) const;

    bool before_by_sku(Slot a, Slot b) const;
    bool before_by_name(Slot a, Slot b) const;
    bool before_by_category(Slot a, Slot b) const;

  private:
    void add_product(const domain::Product& product);
    void update_product(Slot slot, const domain::Product& product);
    void show(Slot level);
    void hide(Slot level);
    void list_product(Slot product);
    void unlist_product(Slot product);
    bool is_settled_level(Slot level) const { return !nothing_settled_ && !has_bit(is_new_level_, level); }
    bool is_settled_product(Slot product) const { return !nothing_settled_ && !has_bit(is_new_product_, product); }
    void settle() const;
    void settle_singly() const;
    void settle_all() const;
    auto by_sku_order() const;
    auto by_name_order() const;
    auto by_category_order() const;
    auto product_order() const;
    std::vector<Slot> sorted_products() const;
    std::vector<Slot> sorted_levels(const std::vector<Slot>& products) const;
    std::vector<Slot> sorted_by_category(const std::vector<Slot>& by_sku) const;

    ProductTable products_;
    LevelTable levels_;
    std::vector<domain::Location> locations_;
    OrderedSlots by_sku_;
    // What is brought up to date by readers: one at a time, and only while the stock view's lock keeps rows as they
    // are.
    mutable std::mutex settling_;
    mutable OrderedSlots by_name_, by_category_, active_products_, archived_products_;
    mutable std::vector<Slot> new_levels_, new_products_;  // not in their orders yet
    mutable Bits is_new_level_, is_new_product_;
    mutable bool nothing_settled_ = true;  // as after filling
    Bits shown_;
    std::vector<std::size_t> shown_of_category_;
    bool one_to_one_ = true;  // level n belongs to product n
    bool filling_ = true;
};

}  // namespace onhand::engine
