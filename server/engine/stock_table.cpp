#include "engine/stock_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <future>
#include <numeric>

#include "base/ensure.hpp"

namespace onhand::engine {

namespace {

static_assert(std::endian::native == std::endian::little);

// Eight bytes of a text as a number that compares like them; 0 stands for what is behind the end.
std::uint64_t eight_bytes(std::string_view text, std::size_t from) {
    std::uint64_t number = 0;
    if (from + sizeof number <= text.size()) {
        std::memcpy(&number, text.data() + from, sizeof number);
        return __builtin_bswap64(number);
    }
    for (auto i = from; i < from + sizeof number; ++i)
        number = number << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
    return number;
}

struct TextKey {
    std::uint64_t bytes;
    std::uint32_t position;
    Slot slot;
};

// Sorts by the text from byte `from` on, equal texts by position: by eight bytes at a time, so that most comparisons
// are of two numbers that lie side by side.
template <class TextOf>
void sort_keys(std::span<TextKey> keys, std::size_t from, const TextOf& text_of) {
    for (auto& key : keys) key.bytes = eight_bytes(text_of(key.slot), from);
    const auto less = [](const TextKey& a, const TextKey& b) {
        return a.bytes != b.bytes ? a.bytes < b.bytes : a.position < b.position;
    };
    if (!std::ranges::is_sorted(keys, less)) std::ranges::sort(keys, less);
    for (std::size_t begin = 0; begin < keys.size();) {
        auto end = begin + 1;
        while (end < keys.size() && keys[end].bytes == keys[begin].bytes) ++end;
        const bool goes_on = (keys[begin].bytes & 0xFF) != 0;
        if (goes_on && end - begin > 1)
            sort_keys(keys.subspan(begin, end - begin), from + sizeof keys[0].bytes, text_of);
        begin = end;
    }
}

// Sorts `slots` by text, equal texts as they come. Texts hold no U+0000.
template <class TextOf>
void sort_by_text(std::vector<Slot>& slots, const TextOf& text_of) {
    std::vector<TextKey> keys(slots.size());
    for (std::uint32_t i = 0; i < keys.size(); ++i) keys[i] = {0, i, slots[i]};
    sort_keys(std::span(keys), 0, text_of);
    std::ranges::transform(keys, slots.begin(), &TextKey::slot);
}

}  // namespace

auto StockTable::by_sku_order() const {
    return [this](Slot a, Slot b) { return before_by_sku(a, b); };
}
auto StockTable::by_name_order() const {
    return [this](Slot a, Slot b) { return before_by_name(a, b); };
}
auto StockTable::by_category_order() const {
    return [this](Slot a, Slot b) { return before_by_category(a, b); };
}
auto StockTable::product_order() const {
    return [this](Slot a, Slot b) { return products_.sku(a) < products_.sku(b); };
}

bool StockTable::before_by_sku(Slot a, Slot b) const {
    const auto left = levels_.product(a);
    const auto right = levels_.product(b);
    if (left != right) return products_.sku(left) < products_.sku(right);
    return locations_[levels_.locations()[a]].code < locations_[levels_.locations()[b]].code;
}

bool StockTable::before_by_name(Slot a, Slot b) const {
    const auto order = products_.name(levels_.product(a)).compare(products_.name(levels_.product(b)));
    return order != 0 ? order < 0 : before_by_sku(a, b);
}

bool StockTable::before_by_category(Slot a, Slot b) const {
    const auto left = levels_.categories()[a];
    const auto right = levels_.categories()[b];
    return left != right ? products_.category(left) < products_.category(right) : before_by_sku(a, b);
}

void StockTable::put_location(const domain::Location& location) {
    if (find_location(location.id) == no_slot) locations_.push_back(location);
}

void StockTable::put_product(const domain::Product& product) {
    const auto slot = products_.find(product.sku);
    if (slot == no_slot)
        add_product(product);
    else if (product.version > products_.row(slot).version)
        update_product(slot, product);
}

void StockTable::add_product(const domain::Product& product) {
    const auto slot = products_.add(product);
    auto& row = products_.row(slot);
    row.version = product.version;
    row.archived = product.archived;
    if (slot % 64 == 0) is_new_product_.push_back(0);
    if (!filling_) list_product(slot);
}

void StockTable::update_product(Slot slot, const domain::Product& product) {
    auto& row = products_.row(slot);
    row.version = product.version;
    const bool moves = product.name != products_.name(slot) || product.archived != row.archived ||
                       product.category != products_.category(row.category);
    const auto levels = levels_of(slot);
    const bool relists = !filling_ && product.archived != row.archived;
    if (relists) unlist_product(slot);
    if (moves && !filling_ && !row.archived)
        for (const auto level : levels) hide(level);
    products_.fill(slot, product);
    row.archived = product.archived;
    for (const auto level : levels) {
        levels_.set_category(level, row.category);
        levels_.judge_state(level, row.reorder_point);
    }
    if (moves && !filling_ && !row.archived)
        for (const auto level : levels) show(level);
    if (relists) list_product(slot);
}

// A product that is not in its list yet stays noted as new; which list it goes to is seen when it does.
void StockTable::unlist_product(Slot product) {
    if (!is_settled_product(product)) return;
    auto& list = products_.row(product).archived ? archived_products_ : active_products_;
    list.erase(product, product_order());
}

void StockTable::list_product(Slot product) {
    if (!is_settled_product(product)) return;
    set_bit(is_new_product_, product);
    new_products_.push_back(product);
}

void StockTable::hide(Slot level) {
    by_sku_.erase(level, by_sku_order());
    if (is_settled_level(level)) {
        by_name_.erase(level, by_name_order());
        by_category_.erase(level, by_category_order());
    }
    clear_bit(shown_, level);
    shown_of_category_[levels_.categories()[level]] -= 1;
}

void StockTable::show(Slot level) {
    by_sku_.insert(level, by_sku_order());
    set_bit(shown_, level);
    if (is_settled_level(level)) {
        set_bit(is_new_level_, level);
        new_levels_.push_back(level);
    }
    shown_of_category_.resize(products_.categories());
    shown_of_category_[levels_.categories()[level]] += 1;
}

void StockTable::settle() const {
    const std::lock_guard lock(settling_);
    constexpr std::size_t singly_max = 4096;  // and of large tables one in 64; beyond, sorting all is faster
    if (nothing_settled_ || new_levels_.size() > std::max(singly_max, by_sku_.size() / 64))
        settle_all();
    else
        settle_singly();
}

// Row by row. A level may have been hidden since it was noted.
void StockTable::settle_singly() const {
    for (const auto level : new_levels_) {
        clear_bit(is_new_level_, level);
        if (!has_bit(shown_, level)) continue;
        by_name_.insert(level, by_name_order());
        by_category_.insert(level, by_category_order());
    }
    new_levels_.clear();
    for (const auto product : new_products_) {
        clear_bit(is_new_product_, product);
        (products_.row(product).archived ? archived_products_ : active_products_).insert(product, product_order());
    }
    new_products_.clear();
}

void StockTable::put_level(const domain::StockLevel& level) {
    const auto product = products_.find(level.key.product);
    const auto location = find_location(level.key.location);
    if (product == no_slot || location == no_slot) return;
    auto& row = products_.row(product);
    const auto slot = levels_.append({product, location, row.category, row.first_level}, level, row.reorder_point);
    row.first_level = slot;
    one_to_one_ = one_to_one_ && slot == product;
    if (slot % 64 == 0) {
        shown_.push_back(0);
        is_new_level_.push_back(0);
    }
    if (!filling_ && !row.archived) show(slot);
}

void StockTable::store_level(Slot level, const domain::StockLevel& values) {
    if (values.version > levels_.version(level))
        levels_.store(level, values, products_.row(levels_.product(level)).reorder_point);
}

Slot StockTable::find_location(domain::LocationId id) const {
    const auto found = std::ranges::find(locations_, id, &domain::Location::id);
    return found == locations_.end() ? no_slot : static_cast<Slot>(found - locations_.begin());
}

Slot StockTable::find_location(std::string_view code) const {
    if (code.empty()) code = domain::main_location_code;
    const auto found = std::ranges::find(locations_, code, &domain::Location::code);
    return found == locations_.end() ? no_slot : static_cast<Slot>(found - locations_.begin());
}

Slot StockTable::find_level(domain::LevelKey key) const {
    const auto product = products_.find(key.product);
    if (product == no_slot) return no_slot;
    auto slot = products_.row(product).first_level;
    while (slot != no_slot && locations_[levels_.locations()[slot]].id != key.location) slot = levels_.next(slot);
    return slot;
}

domain::LevelKey StockTable::key_of(Slot level) const {
    return {products_.row(levels_.product(level)).id, locations_[levels_.locations()[level]].id};
}

domain::LevelView StockTable::view_of(Slot level) const {
    const auto product = levels_.product(level);
    domain::LevelView view;
    view.level = levels_.load(level, key_of(level));
    view.sku = products_.sku(product);
    view.name = products_.name(product);
    view.category = products_.category(levels_.categories()[level]);
    view.location = locations_[levels_.locations()[level]].code;
    view.reorder_point = products_.row(product).reorder_point;
    return view;
}

std::vector<Slot> StockTable::levels_of(Slot product) const {
    std::vector<Slot> slots;
    for (auto slot = products_.row(product).first_level; slot != no_slot; slot = levels_.next(slot))
        slots.push_back(slot);
    std::ranges::sort(slots, by_sku_order());
    return slots;
}

Bits StockTable::levels_of(const Bits& products) const {
    Bits bits;
    if (one_to_one_) {
        bits = products;
        bits.resize(shown_.size());
        return bits;
    }
    bits.resize(shown_.size());
    each_bit(products, [&](std::size_t product) {
        for (auto slot = products_.row(static_cast<Slot>(product)).first_level; slot != no_slot;
             slot = levels_.next(slot))
            set_bit(bits, slot);
    });
    return bits;
}

std::vector<std::string> StockTable::categories_in_use() const {
    std::vector<std::string> names;
    for (Slot category = 0; category < shown_of_category_.size(); ++category)
        if (shown_of_category_[category] > 0 && !products_.category(category).empty())
            names.push_back(products_.category(category));
    std::ranges::sort(names);
    return names;
}

void StockTable::finish_filling() {
    if (!filling_) return;
    filling_ = false;
    shown_of_category_.assign(products_.categories(), 0);
    for (Slot level = 0; level < levels_.size(); ++level) {
        if (products_.row(levels_.product(level)).archived) continue;
        set_bit(shown_, level);
        shown_of_category_[levels_.categories()[level]] += 1;
    }
    by_sku_.assign(sorted_levels(sorted_products()));
}

// Everything but the order by SKU, anew. The names take longest and are sorted on a thread of their own.
void StockTable::settle_all() const {
    std::vector<Slot> by_sku;
    by_sku.reserve(by_sku_.size());
    by_sku_.forward(0, [&](Slot level) {
        by_sku.push_back(level);
        return true;
    });
    auto names = std::async(std::launch::async, [&] {
        auto slots = by_sku;
        sort_by_text(slots, [this](Slot level) { return products_.name(levels_.product(level)); });
        return slots;
    });
    by_category_.assign(sorted_by_category(by_sku));
    auto products = sorted_products();
    const auto archived =
        std::ranges::stable_partition(products, [this](Slot product) { return !products_.row(product).archived; });
    active_products_.assign(std::span(products.begin(), archived.begin()));
    archived_products_.assign(std::span(archived.begin(), archived.end()));
    by_name_.assign(names.get());
    for (auto* noted : {&is_new_level_, &is_new_product_}) std::ranges::fill(*noted, 0);
    new_levels_.clear();
    new_products_.clear();
    nothing_settled_ = false;
}

std::vector<Slot> StockTable::sorted_products() const {
    std::vector<Slot> products(products_.size());
    std::iota(products.begin(), products.end(), Slot{0});
    sort_by_text(products, [this](Slot product) { return products_.sku(product); });
    return products;
}

// The shown levels of these products, those of each by location code.
std::vector<Slot> StockTable::sorted_levels(const std::vector<Slot>& products) const {
    std::vector<Slot> levels;
    levels.reserve(levels_.size());
    for (const auto product : products) {
        if (products_.row(product).archived) continue;
        const auto first = static_cast<std::ptrdiff_t>(levels.size());
        for (auto slot = products_.row(product).first_level; slot != no_slot; slot = levels_.next(slot))
            levels.push_back(slot);
        std::sort(levels.begin() + first, levels.end(), by_sku_order());
    }
    return levels;
}

std::vector<Slot> StockTable::sorted_by_category(const std::vector<Slot>& by_sku) const {
    std::vector<Slot> order(products_.categories());
    std::iota(order.begin(), order.end(), Slot{0});
    std::ranges::sort(order, {}, [this](Slot category) -> const std::string& { return products_.category(category); });
    // Where the levels of each category begin.
    std::vector<std::size_t> begins(order.size());
    std::size_t begin = 0;
    for (const auto category : order) {
        begins[category] = begin;
        begin += shown_of_category_[category];
    }
    std::vector<Slot> slots(by_sku.size());
    for (const auto level : by_sku) slots[begins[levels_.categories()[level]]++] = level;
    return slots;
}

}  // namespace onhand::engine
