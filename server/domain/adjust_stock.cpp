#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/posting.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

// What can be told without looking at the stock.
std::optional<Refusal> check_form(const AdjustStock& command) {
    if (command.delta == 0)
        return refuse_at(RefusalCode::invalid_request, "/delta", "An adjustment changes the stock: delta is not 0.");
    if (command.delta > quantity_max || command.delta < -quantity_max)
        return refuse_at(RefusalCode::invalid_request, "/delta",
                         sentence("Delta must lie between -", quantity_max, " and ", quantity_max, "."));
    const auto direction = direction_of(command.reason);
    if (direction == Direction::system_only)
        return refuse_at(RefusalCode::invalid_request, "/reason",
                         sentence("The reason ", name(command.reason), " cannot be chosen by hand."));
    if (direction == Direction::up_only && command.delta < 0)
        return refuse_at(RefusalCode::invalid_request, "/reason",
                         sentence("The reason ", name(command.reason), " only adds stock."));
    if (direction == Direction::down_only && command.delta > 0)
        return refuse_at(RefusalCode::invalid_request, "/reason",
                         sentence("The reason ", name(command.reason), " only takes stock away."));
    if (command.reason == Reason::other && command.note.empty())
        return refuse_at(RefusalCode::invalid_request, "/note", "The reason other needs a note.");
    return std::nullopt;
}

// What the stock says to it. `level` is the zero level when there is none yet.
std::optional<Refusal> check_stock(const AdjustStock& command, const StockLevel& level, const Product& product,
                                   const Location& location) {
    const auto after = level.on_hand + command.delta;
    if (after > quantity_max)
        return refuse_at(RefusalCode::invalid_request, "/delta",
                         sentence("A location holds at most ", quantity_max, " of a product."));
    const auto promised = level.held + level.allocated;
    if (after >= level.unavailable + promised) return std::nullopt;
    if (after >= 0 && promised > 0)
        return refuse(RefusalCode::breaks_promises,
                      sentence("Of ", level.on_hand, " of SKU ", product.sku, " at ", location.code, ", ", promised,
                               " are promised and ", level.unavailable, " are unavailable: at most ", level.available(),
                               " can be taken away. Cancel or ship orders first."));
    auto refusal =
        refuse(RefusalCode::insufficient_stock,
               sentence("There are only ", level.on_hand, " of SKU ", product.sku, " on hand at ", location.code, ", ",
                        level.available(), " of them available; ", -command.delta, " cannot be taken away."));
    refusal.shortages.push_back({product.sku, location.code, -command.delta, level.available()});
    return refusal;
}

}  // namespace

Outcome judge(const AdjustStock& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (auto refusal = check_form(command)) return std::move(*refusal);
    const auto* const product = set.find_product(command.sku);
    if (product == nullptr || product->archived) return refuse_unknown_sku(product, command.sku, "/sku");
    const auto* const location = set.find_location(command.location);
    if (location == nullptr) return refuse_unknown_location(command.location, "/location");
    const LevelKey key{product->id, location->id};
    const auto* const found = set.find_level(key);
    const StockLevel before = found == nullptr ? StockLevel{.key = key} : *found;
    if (command.expected_version && *command.expected_version != before.version) {
        auto refusal =
            refuse(RefusalCode::version_mismatch, sentence("The stock of SKU ", product->sku, " at ", location->code,
                                                           " was changed meanwhile. Look at it again."));
        refusal.level = view_of(before, *product, *location);
        return refusal;
    }
    if (auto refusal = check_stock(command, before, *product, *location)) return std::move(*refusal);

    auto& level = level_for_change(set, key);
    const bool up = command.delta > 0;
    auto& movement = post({.kind = MovementKind::adjusted,
                           .quantity = up ? command.delta : -command.delta,
                           .up = up,
                           .reason = command.reason,
                           .cause = {CauseType::adjustment, Uuid{}},
                           .note = command.note},
                          level, context, changes);
    // An adjustment is its own document: the movement's id is the id of both.
    movement.cause.id = movement.id;
    ensure(level.on_hand == before.on_hand + command.delta, "an adjustment changes on_hand by delta");
    return AdjustmentDone{movement, view_of(level, *product, *location)};
}

}  // namespace onhand::domain
