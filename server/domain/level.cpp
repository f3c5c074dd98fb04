#include "domain/level.hpp"

namespace onhand::domain {

bool is_valid(const StockLevel& level) {
    return is_quantity(level.on_hand) && is_quantity(level.unavailable) && is_quantity(level.held) &&
           is_quantity(level.allocated) && is_quantity(level.incoming) && level.version >= 0 && level.available() >= 0;
}

std::optional<StockLevel> apply(const StockLevel& level, const LevelDelta& delta, UnixMillis now) {
    const auto on_hand = add(level.on_hand, delta.on_hand);
    const auto unavailable = add(level.unavailable, delta.unavailable);
    const auto held = add(level.held, delta.held);
    const auto allocated = add(level.allocated, delta.allocated);
    const auto incoming = add(level.incoming, delta.incoming);
    if (!on_hand || !unavailable || !held || !allocated || !incoming) return std::nullopt;
    StockLevel after = level;
    after.on_hand = *on_hand;
    after.unavailable = *unavailable;
    after.held = *held;
    after.allocated = *allocated;
    after.incoming = *incoming;
    after.version = level.version + 1;
    after.updated_at = now;
    if (!is_valid(after)) return std::nullopt;
    return after;
}

}  // namespace onhand::domain
