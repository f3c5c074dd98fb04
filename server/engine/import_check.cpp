#include "engine/import_check.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "domain/decide.hpp"

namespace onhand::engine {

namespace {

constexpr std::size_t products_per_question = 500;

// Puts every product that the rows name into the set, found or absent; answers the ids of those found.
std::vector<domain::ProductId> find_products(const domain::ImportProducts& import, const StockView& stock,
                                             domain::WorkingSet& set) {
    std::vector<domain::ProductId> ids;
    for (const auto& row : import.rows) {
        if (set.has_product(row.sku)) continue;
        if (const auto known = stock.product(row.sku)) ids.push_back(known->id);
        // Those found replace this as soon as their rows are read.
        set.absent_product(row.sku);
    }
    return ids;
}

void put_locations(const domain::ImportProducts& import, const StockView& stock, domain::WorkingSet& set) {
    for (const auto& row : import.rows) {
        if (set.has_location(row.location)) continue;
        const std::string_view code =
            row.location.empty() ? std::string_view(domain::main_location_code) : row.location;
        if (auto location = stock.location(code))
            set.put_location(std::move(*location));
        else
            set.absent_location(code);
    }
}

// The levels that rows name, of products and locations that exist.
void put_levels(const domain::ImportProducts& import, const StockView& stock, domain::WorkingSet& set) {
    std::vector<domain::LevelKey> keys;
    for (const auto& row : import.rows) {
        const auto* const product = std::as_const(set).find_product(row.sku);
        const auto* const location = std::as_const(set).find_location(row.location);
        if (product != nullptr && location != nullptr) keys.push_back({product->id, location->id});
    }
    for (const auto& view : stock.levels(keys)) set.put_level(view.level);
    for (const auto key : keys)
        if (!set.has_level(key)) set.absent_level(key);
}

}  // namespace

Result<domain::ImportDone, ReadError> check_import(domain::ImportProducts import, const StockView& stock,
                                                   const Queries& queries, UnixMillis now) {
    domain::WorkingSet set;
    // New products get numbers that nobody will see.
    set.sequences.product.count_from(INT64_MAX / 2);
    put_locations(import, stock, set);
    const auto ids = find_products(import, stock, set);
    for (std::size_t at = 0; at < ids.size(); at += products_per_question) {
        const auto part = std::span(ids).subspan(at, std::min(products_per_question, ids.size() - at));
        auto products = queries.products(part);
        if (!products) return std::move(products.error());
        for (auto& product : *products) set.put_product(std::move(product), false);
    }
    put_levels(import, stock, set);
    import.dry_run = true;
    UuidGenerator no_ids{[] { return std::uint64_t{0}; }};
    const domain::Context context{.now = now, .ids = no_ids};
    domain::Changes none;
    const auto outcome = domain::decide(domain::Command(std::move(import)), set, context, none);
    ensure(none.empty(), "a dry run changes nothing");
    const auto* const done = std::get_if<domain::ImportDone>(&outcome);
    ensure(done != nullptr, "an import in bounds is judged row by row");
    return *done;
}

}  // namespace onhand::engine
