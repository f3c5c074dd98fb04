#include "domain/posting.hpp"

#include "base/ensure.hpp"

namespace onhand::domain {

namespace {

struct Route {
    std::int64_t from, to;
};

Route route_of(const Posting& posting, LocationId location) {
    const auto here = raw(location);
    const auto adjustment = static_cast<std::int64_t>(Place::adjustment);
    switch (posting.kind) {
        case MovementKind::received:
            return {static_cast<std::int64_t>(Place::supplier), here};
        case MovementKind::adjusted:
        case MovementKind::counted:
            return posting.up ? Route{adjustment, here} : Route{here, adjustment};
        case MovementKind::allocated:
        case MovementKind::deallocated:
            return {here, here};
        case MovementKind::fulfilled:
            return {here, static_cast<std::int64_t>(Place::customer)};
    }
    ensure(false, "a movement has a known kind");
    return {};
}

}  // namespace

Movement& post(const Posting& posting, StockLevel& level, const Context& context, Changes& changes) {
    const auto after = apply(level, delta_of(posting.kind, posting.quantity, posting.up), context.now);
    ensure(after.has_value(), "available_never_negative");
    ensure(after->version == level.version + 1, "versions_step_by_one");
    level = *after;
    changes.levels[level.key] = level;
    const auto route = route_of(posting, level.key.location);
    auto& item = changes.items.emplace_back(std::in_place_type<Movement>);
    auto& movement = std::get<Movement>(item);
    movement.id = context.ids.next(context.now);
    movement.kind = posting.kind;
    movement.quantity = posting.quantity;
    movement.from = route.from;
    movement.to = route.to;
    movement.reason = posting.reason;
    movement.note = posting.note;
    movement.actor = context.actor;
    movement.cause = posting.cause;
    movement.after = level;
    return movement;
}

StockLevel& level_for_change(WorkingSet& set, LevelKey key) {
    if (auto* const level = set.find_level(key)) return *level;
    set.put_level(StockLevel{.key = key});
    return *set.find_level(key);
}

LevelView view_of(const StockLevel& level, const Product& product, const Location& location) {
    return {.level = level,
            .sku = product.sku,
            .name = product.name,
            .category = product.category,
            .location = location.code,
            .reorder_point = product.reorder_point};
}

}  // namespace onhand::domain
