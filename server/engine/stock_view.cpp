#include "engine/stock_view.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "engine/level_cell.hpp"
#include "engine/search_index.hpp"

namespace onhand::engine {

namespace {

using Slot = std::uint32_t;
using domain::Quantity;
constexpr Slot no_slot = ~Slot{0};

struct ProductRow {
    domain::ProductId id{};
    std::string sku;
    std::string name;
    Slot category = 0;
    bool archived = false;
    std::int64_t version = 0;
    Quantity reorder_point = 0;
    std::vector<Slot> levels;  // few: one per location
};

struct LevelRow {
    domain::LevelKey key;
    Slot product = 0;
    Slot location = 0;
    LevelCell cell;
};

// The words of a search, folded; every one must occur.
std::vector<std::string> words_of(std::string_view search) {
    std::vector<std::string> words;
    const std::string folded = fold_case(search);
    std::size_t at = 0;
    while (at < folded.size()) {
        const auto end = std::min(folded.find(' ', at), folded.size());
        if (end > at) words.push_back(folded.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

bool in_state(StockState state, Quantity available, Quantity reorder_point) {
    const bool low = available > 0 && available <= reorder_point;
    switch (state) {
        case StockState::any:
            return true;
        case StockState::out:
            return available == 0;
        case StockState::low:
            return low;
        case StockState::in:
            return available > 0 && !low;
    }
    return false;
}

}  // namespace

// Who may do what: whoever applies holds `writer`, so one thread at a time changes anything. Level values change
// without the other lock (each LevelCell is consistent by itself); rows are added and texts change under it, exclusive.
// Readers share it.
struct StockView::Impl {
    std::mutex writer;
    mutable std::shared_mutex mutex;
    std::deque<ProductRow> products;
    std::deque<LevelRow> levels;
    std::vector<Slot> product_of_level;  // by level slot; one dense array, for scans of the whole table
    std::vector<domain::Location> locations;
    std::vector<std::string> categories;
    std::unordered_map<std::string, Slot> category_slots;
    std::unordered_map<std::string_view, Slot> by_sku;  // keys point into `products`
    std::unordered_map<std::int64_t, Slot> by_id;
    SearchIndex search;          // by product slot; text: folded "sku\nname\nbarcode"
    std::vector<Slot> shown;     // level slots of products that are not archived, by SKU and location code
    std::vector<Slot> unsorted;  // added since `shown` was last brought up to date
    std::atomic<domain::FeedSeq> head{0};

    bool before(Slot a, Slot b) const {
        const auto& left = levels[a];
        const auto& right = levels[b];
        if (left.product != right.product) return products[left.product].sku < products[right.product].sku;
        return locations[left.location].code < locations[right.location].code;
    }

    Slot location_slot(domain::LocationId id) const {
        for (Slot slot = 0; slot < locations.size(); ++slot)
            if (locations[slot].id == id) return slot;
        return no_slot;
    }

    Slot location_slot(std::string_view code) const {
        if (code.empty()) code = domain::main_location_code;
        for (Slot slot = 0; slot < locations.size(); ++slot)
            if (locations[slot].code == code) return slot;
        return no_slot;
    }

    Slot category_slot(const std::string& name) {
        const auto [found, added] = category_slots.try_emplace(name, static_cast<Slot>(categories.size()));
        if (added) categories.push_back(name);
        return found->second;
    }

    Slot level_slot(domain::LevelKey key) const {
        const auto product = by_id.find(raw(key.product));
        if (product == by_id.end()) return no_slot;
        for (const Slot slot : products[product->second].levels)
            if (levels[slot].key == key) return slot;
        return no_slot;
    }

    Slot product_slot(std::string_view sku) const {
        const auto found = by_sku.find(sku);
        return found == by_sku.end() ? no_slot : found->second;
    }

    void fill(ProductRow& row, const domain::Product& product) {
        row.name = product.name;
        row.category = category_slot(product.category);
        row.reorder_point = product.reorder_point;
    }

    void put_product(const domain::Product& product) {
        auto slot = product_slot(product.sku);
        if (slot == no_slot) {
            slot = static_cast<Slot>(products.size());
            auto& row = products.emplace_back();
            row.id = product.id;
            row.sku = product.sku;
            by_sku.emplace(row.sku, slot);
            by_id.emplace(raw(product.id), slot);
        }
        auto& row = products[slot];
        if (product.version <= row.version) return;
        row.version = product.version;
        fill(row, product);
        search.put(slot, fold_case(product.sku + '\n' + product.name + '\n' + product.barcode));
        if (product.archived && !row.archived) {
            row.archived = true;
            std::erase_if(shown, [&](Slot level) { return levels[level].product == slot; });
            std::erase_if(unsorted, [&](Slot level) { return levels[level].product == slot; });
        }
    }

    // Nothing, when the product or the location is not known yet: another process made it, and the feed will tell of
    // it first and of the level after.
    void add_level(const domain::StockLevel& level) {
        const auto product = by_id.find(raw(level.key.product));
        const auto location = location_slot(level.key.location);
        if (product == by_id.end() || location == no_slot) return;
        const auto slot = static_cast<Slot>(levels.size());
        auto& row = levels.emplace_back();
        row.key = level.key;
        row.product = product->second;
        product_of_level.push_back(row.product);
        row.location = location;
        row.cell.store(level);
        products[row.product].levels.push_back(slot);
        if (!products[row.product].archived) unsorted.push_back(slot);
    }

    void sort_added() {
        const auto less = [this](Slot a, Slot b) { return before(a, b); };
        std::sort(unsorted.begin(), unsorted.end(), less);
        const auto middle = static_cast<std::ptrdiff_t>(shown.size());
        shown.insert(shown.end(), unsorted.begin(), unsorted.end());
        std::inplace_merge(shown.begin(), shown.begin() + middle, shown.end(), less);
        unsorted.clear();
    }

    domain::LevelView view_of(Slot slot) const {
        const auto& row = levels[slot];
        const auto& product = products[row.product];
        domain::LevelView view;
        view.level = row.cell.load(row.key);
        view.sku = product.sku;
        view.name = product.name;
        view.category = categories[product.category];
        view.location = locations[row.location].code;
        view.reorder_point = product.reorder_point;
        return view;
    }

    std::vector<Slot> matching(const StockFilter& filter) const;
    template <class Fits>
    std::vector<Slot> searched(const StockFilter& filter, const Fits& fits) const;
    void order_page(std::vector<Slot>& slots, const StockFilter& filter) const;
};

// The shown levels of the products that the search finds, by SKU. Few hits are sorted; many are picked out of `shown`,
// which is in order already.
template <class Fits>
std::vector<Slot> StockView::Impl::searched(const StockFilter& filter, const Fits& fits) const {
    constexpr std::ptrdiff_t few = 2000;
    const auto hits = search.find(words_of(filter.search));
    std::vector<Slot> found;
    if (std::count(hits.begin(), hits.end(), true) > few) {
        std::copy_if(shown.begin(), shown.end(), std::back_inserter(found),
                     [&](Slot slot) { return hits[product_of_level[slot]] && fits(slot); });
        return found;
    }
    for (Slot product = 0; product < hits.size(); ++product) {
        if (!hits[product] || products[product].archived) continue;
        std::copy_if(products[product].levels.begin(), products[product].levels.end(), std::back_inserter(found), fits);
    }
    std::sort(found.begin(), found.end(), [this](Slot a, Slot b) { return before(a, b); });
    return found;
}

std::vector<Slot> StockView::Impl::matching(const StockFilter& filter) const {
    std::vector<Slot> found;
    const auto location = filter.location ? location_slot(*filter.location) : no_slot;
    if (filter.location && location == no_slot) return found;
    Slot category = no_slot;
    if (filter.category) {
        const auto known = category_slots.find(*filter.category);
        if (known == category_slots.end()) return found;
        category = known->second;
    }
    const bool narrowed = filter.location || filter.category || filter.sku || filter.state != StockState::any;
    const auto fits = [&](Slot slot) {
        if (!narrowed) return true;
        const auto& row = levels[slot];
        const auto& product = products[row.product];
        if (filter.sku && product.sku != *filter.sku) return false;
        if (filter.location && row.location != location) return false;
        if (filter.category && product.category != category) return false;
        if (filter.state != StockState::any &&
            !in_state(filter.state, row.cell.load(row.key).available(), product.reorder_point))
            return false;
        return true;
    };
    if (!filter.search.empty()) return searched(filter, fits);
    if (filter.sku) {
        const auto product = product_slot(*filter.sku);
        if (product == no_slot || products[product].archived) return found;
        for (const Slot slot : products[product].levels)
            if (fits(slot)) found.push_back(slot);
        std::sort(found.begin(), found.end(), [this](Slot a, Slot b) { return before(a, b); });
        return found;
    }
    std::copy_if(shown.begin(), shown.end(), std::back_inserter(found), fits);
    return found;
}

namespace {

std::int64_t number_key(StockSort sort, const domain::StockLevel& level) {
    switch (sort) {
        case StockSort::on_hand:
            return level.on_hand;
        case StockSort::held:
            return level.held;
        case StockSort::allocated:
            return level.allocated;
        case StockSort::available:
            return level.available();
        case StockSort::updated_at:
            return level.updated_at;
        default:
            return 0;
    }
}

// Puts the elements of the page [offset, offset + limit) in place, in order; the others anywhere.
template <class Element, class Less>
void place_page(std::vector<Element>& all, const StockFilter& filter, Less less) {
    const auto size = static_cast<std::int64_t>(all.size());
    const auto first = all.begin() + std::min(filter.offset, size);
    const auto last = all.begin() + std::min(filter.offset + filter.limit, size);
    if (first == last) return;
    if (first != all.begin()) std::nth_element(all.begin(), first, all.end(), less);
    std::partial_sort(first, last, all.end(), less);
}

}  // namespace

void StockView::Impl::order_page(std::vector<Slot>& slots, const StockFilter& filter) const {
    // `slots` come in by SKU; their position breaks ties, so that pages never overlap while values stand still.
    if (filter.sort == StockSort::sku) {
        if (filter.descending) std::reverse(slots.begin(), slots.end());
        return;
    }
    if (filter.sort == StockSort::name || filter.sort == StockSort::category) {
        const auto text = [&](Slot slot) -> const std::string& {
            const auto& product = products[levels[slot].product];
            return filter.sort == StockSort::name ? product.name : categories[product.category];
        };
        struct ByTextKey {
            std::string_view key;
            Slot position;
        };
        std::vector<ByTextKey> keys(slots.size());
        for (Slot i = 0; i < slots.size(); ++i) keys[i] = {text(slots[i]), i};
        place_page(keys, filter, [&](const ByTextKey& a, const ByTextKey& b) {
            if (const int order = a.key.compare(b.key); order != 0) return filter.descending ? order > 0 : order < 0;
            return a.position < b.position;
        });
        std::vector<Slot> ordered(slots.size());
        for (std::size_t i = 0; i < keys.size(); ++i) ordered[i] = slots[keys[i].position];
        slots = std::move(ordered);
        return;
    }
    struct ByNumber {
        std::int64_t key;
        Slot position;
    };
    std::vector<ByNumber> keys(slots.size());
    for (Slot i = 0; i < slots.size(); ++i)
        keys[i] = {number_key(filter.sort, levels[slots[i]].cell.load(levels[slots[i]].key)), i};
    place_page(keys, filter, [&](const ByNumber& a, const ByNumber& b) {
        if (a.key != b.key) return filter.descending ? a.key > b.key : a.key < b.key;
        return a.position < b.position;
    });
    std::vector<Slot> ordered(slots.size());
    for (std::size_t i = 0; i < keys.size(); ++i) ordered[i] = slots[keys[i].position];
    slots = std::move(ordered);
}

StockView::StockView() : impl_(std::make_unique<Impl>()) {}
StockView::~StockView() = default;

void StockView::put_location(const domain::Location& location) {
    const std::unique_lock lock(impl_->mutex);
    impl_->locations.push_back(location);
}

void StockView::put_product(const domain::Product& product) {
    const std::unique_lock lock(impl_->mutex);
    impl_->put_product(product);
}

void StockView::put_level(const domain::StockLevel& level) {
    const std::unique_lock lock(impl_->mutex);
    impl_->add_level(level);
}

void StockView::set_head(domain::FeedSeq head) {
    const std::unique_lock lock(impl_->mutex);
    impl_->sort_added();
    impl_->head.store(head, std::memory_order_release);
}

void StockView::apply(const domain::Changes& changes, domain::FeedSeq head) {
    auto& impl = *impl_;
    const std::lock_guard writing(impl.writer);
    const auto is_structural = [](const domain::FeedItem& item) {
        return std::holds_alternative<domain::ProductEvent>(item) ||
               std::holds_alternative<domain::LocationEvent>(item);
    };
    if (std::any_of(changes.items.begin(), changes.items.end(), is_structural)) {
        const std::unique_lock lock(impl.mutex);
        for (const auto& item : changes.items) {
            if (const auto* event = std::get_if<domain::LocationEvent>(&item))
                if (impl.location_slot(event->location.id) == no_slot) impl.locations.push_back(event->location);
            if (const auto* event = std::get_if<domain::ProductEvent>(&item)) impl.put_product(event->product);
        }
    }
    std::vector<const domain::StockLevel*> added;
    for (const auto& [key, level] : changes.levels) {
        const auto slot = impl.level_slot(key);
        if (slot == no_slot)
            added.push_back(&level);
        else if (auto& row = impl.levels[slot]; level.version > row.cell.load(key).version)
            row.cell.store(level);
    }
    if (!added.empty()) {
        const std::unique_lock lock(impl.mutex);
        for (const auto* level : added) impl.add_level(*level);
        impl.sort_added();
    }
    if (head > impl.head.load(std::memory_order_relaxed)) impl.head.store(head, std::memory_order_release);
}

StockPage StockView::page(const StockFilter& filter) const {
    const auto& impl = *impl_;
    StockPage page;
    page.head = head();
    const std::shared_lock lock(impl.mutex);
    const bool plain = filter.is_plain();
    std::vector<Slot> found;
    if (!plain) {
        found = impl.matching(filter);
        impl.order_page(found, filter);
    }
    const auto& slots = plain ? impl.shown : found;
    page.total = static_cast<std::int64_t>(slots.size());
    const auto end = std::min(filter.offset + filter.limit, page.total);
    for (auto at = filter.offset; at < end; ++at)
        page.rows.push_back(impl.view_of(slots[static_cast<std::size_t>(at)]));
    return page;
}

std::optional<std::vector<domain::LevelView>> StockView::levels(std::string_view sku) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    const auto product = impl.product_slot(sku);
    if (product == no_slot || impl.products[product].archived) return std::nullopt;
    std::vector<domain::LevelView> views;
    for (const Slot slot : impl.products[product].levels) views.push_back(impl.view_of(slot));
    std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.location < b.location; });
    return views;
}

std::optional<domain::LevelKey> StockView::key_of(std::string_view sku, std::string_view location) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    const auto product = impl.product_slot(sku);
    const auto place = impl.location_slot(location);
    if (product == no_slot || place == no_slot) return std::nullopt;
    return domain::LevelKey{impl.products[product].id, impl.locations[place].id};
}

std::optional<domain::LevelView> StockView::level(std::string_view sku, std::string_view location) const {
    const auto key = key_of(sku, location);
    if (!key) return std::nullopt;
    const std::shared_lock lock(impl_->mutex);
    const auto slot = impl_->level_slot(*key);
    if (slot == no_slot) return std::nullopt;
    return impl_->view_of(slot);
}

std::vector<domain::LevelView> StockView::levels(std::span<const domain::LevelKey> keys) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    std::vector<domain::LevelView> views;
    views.reserve(keys.size());
    for (const auto key : keys)
        if (const auto slot = impl.level_slot(key); slot != no_slot) views.push_back(impl.view_of(slot));
    return views;
}

ProductPage StockView::products(const ProductFilter& filter) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    const auto hits = impl.search.find(words_of(filter.search));
    std::vector<Slot> found;
    const auto fits = [&](Slot slot) {
        const auto& row = impl.products[slot];
        if (row.archived != filter.archived) return false;
        if (filter.category && impl.categories[row.category] != *filter.category) return false;
        return static_cast<bool>(hits[slot]);
    };
    if (filter.archived) {
        for (Slot slot = 0; slot < impl.products.size(); ++slot)
            if (fits(slot)) found.push_back(slot);
        std::sort(found.begin(), found.end(),
                  [&](Slot a, Slot b) { return impl.products[a].sku < impl.products[b].sku; });
    } else {
        // `shown` is by SKU, and every product has at least one level.
        Slot last = no_slot;
        for (const Slot level : impl.shown) {
            const Slot slot = impl.levels[level].product;
            if (slot != last && fits(slot)) found.push_back(slot);
            last = slot;
        }
    }
    ProductPage page;
    page.total = static_cast<std::int64_t>(found.size());
    const auto end = std::min(filter.offset + filter.limit, page.total);
    for (auto at = filter.offset; at < end; ++at)
        page.rows.push_back(impl.products[found[static_cast<std::size_t>(at)]].id);
    return page;
}

std::optional<ProductSummary> StockView::product(std::string_view sku) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    const auto slot = impl.product_slot(sku);
    if (slot == no_slot) return std::nullopt;
    const auto& row = impl.products[slot];
    return ProductSummary{row.id, row.sku, row.name, impl.categories[row.category], row.archived};
}

std::optional<domain::Location> StockView::location(std::string_view code) const {
    const std::shared_lock lock(impl_->mutex);
    const auto slot = impl_->location_slot(code);
    if (slot == no_slot) return std::nullopt;
    return impl_->locations[slot];
}

std::vector<domain::Location> StockView::locations() const {
    std::vector<domain::Location> all;
    {
        const std::shared_lock lock(impl_->mutex);
        all = impl_->locations;
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.code < b.code; });
    return all;
}

std::vector<std::string> StockView::categories() const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    std::vector<bool> used(impl.categories.size(), false);
    for (const Slot level : impl.shown) used[impl.products[impl.levels[level].product].category] = true;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < used.size(); ++i)
        if (used[i] && !impl.categories[i].empty()) names.push_back(impl.categories[i]);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<StockView::Names> StockView::names(std::span<const domain::LevelKey> keys) const {
    const auto& impl = *impl_;
    const std::shared_lock lock(impl.mutex);
    std::vector<Names> all;
    all.reserve(keys.size());
    for (const auto key : keys) {
        Names names;
        if (const auto product = impl.by_id.find(raw(key.product)); product != impl.by_id.end())
            names.sku = impl.products[product->second].sku;
        if (const auto location = impl.location_slot(key.location); location != no_slot)
            names.location = impl.locations[location].code;
        all.push_back(std::move(names));
    }
    return all;
}

domain::FeedSeq StockView::head() const {
    return impl_->head.load(std::memory_order_acquire);
}

}  // namespace onhand::engine
