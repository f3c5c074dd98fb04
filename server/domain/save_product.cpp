#include <utility>

#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/posting.hpp"
#include "domain/product_rules.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

// Opening stock after adding up: one entry per location.
struct Opening {
    LocationId location;
    Quantity quantity;
};

std::optional<Refusal> add_up(const std::vector<OpeningStock>& asked, const WorkingSet& set,
                              std::vector<Opening>& openings) {
    if (asked.size() > order_lines_max)
        return refuse_at(RefusalCode::invalid_request, "/opening_stock",
                         sentence("At most ", order_lines_max, " entries of opening stock."));
    for (std::size_t index = 0; index < asked.size(); ++index) {
        const auto* const location = set.find_location(asked[index].location);
        if (location == nullptr)
            return refuse_unknown_location(asked[index].location, sentence("/opening_stock/", index, "/location"));
        auto same = openings.begin();
        while (same != openings.end() && same->location != location->id) ++same;
        if (same == openings.end()) same = openings.insert(same, {location->id, 0});
        const auto sum = is_quantity(asked[index].quantity) ? add(same->quantity, asked[index].quantity) : std::nullopt;
        if (!sum)
            return refuse_at(RefusalCode::invalid_request, sentence("/opening_stock/", index, "/quantity"),
                             sentence("A location holds 0 to ", quantity_max, " of a product."));
        same->quantity = *sum;
    }
    return std::nullopt;
}

std::optional<Refusal> refuse_existing(const Product* product) {
    if (product == nullptr) return std::nullopt;
    return refuse_at(RefusalCode::already_exists, "/sku",
                     product->archived
                         ? sentence("The SKU ", product->sku,
                                    " belongs to an archived product. Restore that one, or choose another SKU.")
                         : sentence("There is a product with the SKU ", product->sku, " already."));
}

// True when any field became different.
bool assign_all(const UpdateProduct& command, Product& product) {
    bool changed = assign(command.name, product.name);
    changed |= assign(command.category, product.category);
    changed |= assign(command.barcode, product.barcode);
    changed |= assign(command.unit_price, product.unit_price);
    changed |= assign(command.attributes, product.attributes);
    changed |= assign(command.reorder_point, product.reorder_point);
    changed |= command.restores && std::exchange(product.archived, false);
    return changed;
}

}  // namespace

Outcome judge(const CreateProduct& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (auto refusal = refuse_fault(command.product)) return std::move(*refusal);
    if (auto refusal = refuse_existing(set.find_product(command.product.sku))) return std::move(*refusal);
    std::vector<Opening> openings;
    if (auto refusal = add_up(command.opening_stock, set, openings)) return std::move(*refusal);

    Product product = command.product;
    product.id = ProductId{set.sequences.product.take()};
    product.archived = false;
    product.version = 1;
    product.created_at = context.now;
    product.updated_at = context.now;
    const auto id = product.id;
    set.put_product(product, true);
    const StockLevel main_level{.key = {id, main_location}, .updated_at = context.now};
    set.put_level(main_level);
    changes.levels[main_level.key] = main_level;
    changes.items.emplace_back(
        ProductEvent{.kind = ProductEvent::Kind::created, .product = product, .actor = context.actor});
    for (const auto& opening : openings) {
        if (opening.quantity == 0) continue;
        auto& level = level_for_change(set, {id, opening.location});
        ensure(level.version == 0, "a new product has no stock yet");
        post({.kind = MovementKind::received,
              .quantity = opening.quantity,
              .reason = Reason::opening_stock,
              .cause = {CauseType::product, Uuid{}}},
             level, context, changes);
    }
    return ProductDone{std::move(product)};
}

Outcome judge(const UpdateProduct& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const product = set.find_product(command.sku);
    const auto archived = command.restores ? Archived::allowed : Archived::refused;
    if (auto refusal = refuse_change(product, command.sku, command.expected_version, archived))
        return std::move(*refusal);
    Product after = *product;
    if (!assign_all(command, after)) return ProductDone{std::move(after)};
    if (auto refusal = refuse_fault(after)) return std::move(*refusal);
    after.version += 1;
    after.updated_at = context.now;
    ensure(after.sku == product->sku && after.id == product->id, "the SKU of a product never changes");
    *product = after;
    changes.items.emplace_back(
        ProductEvent{.kind = ProductEvent::Kind::updated, .product = after, .actor = context.actor});
    return ProductDone{std::move(after)};
}

}  // namespace onhand::domain
