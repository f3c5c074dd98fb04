#include "engine/stock_view.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "base/thread_name.hpp"
#include "engine/fair_mutex.hpp"
#include "engine/stock_pages.hpp"
#include "engine/stock_table.hpp"

namespace onhand::engine {

// Who may do what: whoever applies holds `writer`, so one thread at a time changes anything. Level values change
// without the other lock (each level is consistent by itself); rows are added and texts change under it, exclusive.
// Readers share it.
struct StockView::Impl {
    std::mutex writer;
    mutable FairMutex mutex;
    StockTable table;
    std::atomic<domain::FeedSeq> head{0};
    std::thread settler;  // after the start, for the orders that the first pages by name and category need

    ~Impl() {
        if (settler.joinable()) settler.join();
    }
    void settle() {
        const std::shared_lock lock(mutex);
        table.by_name();
    }
    void apply_catalogue(const domain::Changes& changes);
    void apply_levels(const domain::Changes& changes);
};

namespace {

bool is_catalogue(const domain::FeedItem& item) {
    return std::holds_alternative<domain::ProductEvent>(item) || std::holds_alternative<domain::LocationEvent>(item);
}

}  // namespace

StockView::StockView() : impl_(std::make_unique<Impl>()) {}
StockView::~StockView() = default;

void StockView::put_location(const domain::Location& location) {
    const std::unique_lock lock(impl_->mutex);
    impl_->table.put_location(location);
}

void StockView::put_product(const domain::Product& product) {
    const std::unique_lock lock(impl_->mutex);
    impl_->table.put_product(product);
}

void StockView::put_level(const domain::StockLevel& level) {
    const std::unique_lock lock(impl_->mutex);
    impl_->table.put_level(level);
}

void StockView::set_head(domain::FeedSeq head) {
    auto& impl = *impl_;
    {
        const std::unique_lock lock(impl.mutex);
        impl.table.finish_filling();
        impl.head.store(head, std::memory_order_release);
    }
    // The start does not wait for it: half a second a million levels.
    constexpr std::size_t many = 20'000;
    if (impl.table.levels().size() < many)
        impl.settle();
    else if (!impl.settler.joinable())
        impl.settler = std::thread([&impl] {
            name_thread("stock orders");
            impl.settle();
        });
}

// In short turns: readers get in between, so that a large import does not keep them waiting.
void StockView::Impl::apply_catalogue(const domain::Changes& changes) {
    constexpr std::size_t turn_items = 256;
    auto item = changes.items.begin();
    while ((item = std::find_if(item, changes.items.end(), is_catalogue)) != changes.items.end()) {
        const std::unique_lock lock(mutex);
        for (std::size_t done = 0; done < turn_items && item != changes.items.end(); ++item, ++done) {
            if (const auto* event = std::get_if<domain::LocationEvent>(&*item)) table.put_location(event->location);
            if (const auto* event = std::get_if<domain::ProductEvent>(&*item)) table.put_product(event->product);
        }
    }
}

void StockView::Impl::apply_levels(const domain::Changes& changes) {
    std::vector<const domain::StockLevel*> added;
    for (const auto& [key, level] : changes.levels) {
        const auto slot = table.find_level(key);
        if (slot == no_slot)
            added.push_back(&level);
        else
            table.store_level(slot, level);
    }
    // As the products came, so that each finds its place beside the one before.
    std::ranges::sort(added, {}, &domain::StockLevel::key);
    constexpr std::size_t turn_levels = 256;
    for (std::size_t at = 0; at < added.size(); at += turn_levels) {
        const std::unique_lock lock(mutex);
        for (auto i = at; i < std::min(at + turn_levels, added.size()); ++i) table.put_level(*added[i]);
    }
}

void StockView::apply(const domain::Changes& changes, domain::FeedSeq head) {
    auto& impl = *impl_;
    const std::lock_guard writing(impl.writer);
    impl.apply_catalogue(changes);
    impl.apply_levels(changes);
    if (head > impl.head.load(std::memory_order_relaxed)) impl.head.store(head, std::memory_order_release);
}

StockPage StockView::page(const StockFilter& filter) const {
    const auto& impl = *impl_;
    StockPage page;
    page.head = head();
    const std::shared_lock lock(impl.mutex);
    const auto picked = pick_levels(impl.table, filter);
    page.total = picked.total;
    page.rows.reserve(picked.slots.size());
    for (const auto slot : picked.slots) page.rows.push_back(impl.table.view_of(slot));
    return page;
}

std::optional<std::vector<domain::LevelView>> StockView::levels(std::string_view sku) const {
    const auto& table = impl_->table;
    const std::shared_lock lock(impl_->mutex);
    const auto product = table.products().find(sku);
    if (product == no_slot || table.products().row(product).archived) return std::nullopt;
    std::vector<domain::LevelView> views;
    for (const auto slot : table.levels_of(product)) views.push_back(table.view_of(slot));
    return views;
}

std::optional<domain::LevelKey> StockView::key_of(std::string_view sku, std::string_view location) const {
    const auto& table = impl_->table;
    const std::shared_lock lock(impl_->mutex);
    const auto product = table.products().find(sku);
    const auto place = table.find_location(location);
    if (product == no_slot || place == no_slot) return std::nullopt;
    return domain::LevelKey{table.products().row(product).id, table.locations()[place].id};
}

std::optional<domain::LevelView> StockView::level(std::string_view sku, std::string_view location) const {
    const auto key = key_of(sku, location);
    if (!key) return std::nullopt;
    const std::shared_lock lock(impl_->mutex);
    const auto slot = impl_->table.find_level(*key);
    if (slot == no_slot) return std::nullopt;
    return impl_->table.view_of(slot);
}

std::vector<domain::LevelView> StockView::levels(std::span<const domain::LevelKey> keys) const {
    const auto& table = impl_->table;
    const std::shared_lock lock(impl_->mutex);
    std::vector<domain::LevelView> views;
    views.reserve(keys.size());
    for (const auto key : keys)
        if (const auto slot = table.find_level(key); slot != no_slot) views.push_back(table.view_of(slot));
    return views;
}

ProductPage StockView::products(const ProductFilter& filter) const {
    const auto& table = impl_->table;
    const std::shared_lock lock(impl_->mutex);
    const auto picked = pick_products(table, filter);
    ProductPage page;
    page.total = picked.total;
    for (const auto slot : picked.slots) page.rows.push_back(table.products().row(slot).id);
    return page;
}

std::optional<ProductSummary> StockView::product(std::string_view sku) const {
    const auto& products = impl_->table.products();
    const std::shared_lock lock(impl_->mutex);
    const auto slot = products.find(sku);
    if (slot == no_slot) return std::nullopt;
    const auto& row = products.row(slot);
    return ProductSummary{row.id, std::string(products.sku(slot)), std::string(products.name(slot)),
                          products.category(row.category), row.archived};
}

std::optional<domain::Location> StockView::location(std::string_view code) const {
    const std::shared_lock lock(impl_->mutex);
    const auto slot = impl_->table.find_location(code);
    if (slot == no_slot) return std::nullopt;
    return impl_->table.locations()[slot];
}

std::vector<domain::Location> StockView::locations() const {
    std::vector<domain::Location> all;
    {
        const std::shared_lock lock(impl_->mutex);
        all = impl_->table.locations();
    }
    std::ranges::sort(all, {}, &domain::Location::code);
    return all;
}

std::vector<std::string> StockView::categories() const {
    const std::shared_lock lock(impl_->mutex);
    return impl_->table.categories_in_use();
}

std::vector<StockView::Names> StockView::names(std::span<const domain::LevelKey> keys) const {
    const auto& table = impl_->table;
    const std::shared_lock lock(impl_->mutex);
    std::vector<Names> all;
    all.reserve(keys.size());
    for (const auto key : keys) {
        Names names;
        if (const auto product = table.products().find(key.product); product != no_slot)
            names.sku = table.products().sku(product);
        if (const auto location = table.find_location(key.location); location != no_slot)
            names.location = table.locations()[location].code;
        all.push_back(std::move(names));
    }
    return all;
}

domain::FeedSeq StockView::head() const {
    return impl_->head.load(std::memory_order_acquire);
}

}  // namespace onhand::engine
