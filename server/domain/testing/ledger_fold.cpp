#include "domain/testing/ledger_fold.hpp"

#include "domain/refuse.hpp"

namespace onhand::domain::testing {

namespace {

std::string at(std::string_view invariant, FeedSeq seq) {
    return sentence(invariant, " broken at feed number ", seq);
}

std::string at(std::string_view invariant, LevelKey key) {
    return sentence(invariant, " broken for product ", raw(key.product), " at location ", raw(key.location));
}

}  // namespace

std::int64_t LedgerFold::units(ProductId product, std::int64_t place) const {
    const auto found = units_.find({product, place});
    return found == units_.end() ? 0 : found->second;
}

std::optional<std::string> LedgerFold::take_movement(const Movement& movement) {
    const auto& after = movement.after;
    const auto here = raw(after.key.location);
    if (movement.quantity <= 0 || (movement.from != here && movement.to != here))
        return at("units_conserved", movement.seq);
    units_[{after.key.product, movement.from}] -= movement.quantity;
    units_[{after.key.product, movement.to}] += movement.quantity;
    auto& folded = folded_[after.key];
    if (movement.kind == MovementKind::allocated) folded.allocated += movement.quantity;
    if (movement.kind == MovementKind::deallocated || movement.kind == MovementKind::fulfilled)
        folded.allocated -= movement.quantity;
    if (after.version != folded.version + 1) return at("versions_step_by_one", movement.seq);
    folded.version = after.version;
    if (after.on_hand != units(after.key.product, here) || after.allocated != folded.allocated)
        return at("fold_of_feed_equals_levels", movement.seq);
    if (after.on_hand - after.unavailable - after.held - after.allocated < 0)
        return at("available_never_negative", movement.seq);
    return std::nullopt;
}

std::optional<std::string> LedgerFold::take(const FeedItem& item) {
    if (seq_of(item) != head_ + 1) return at("feed_has_no_gaps", seq_of(item));
    head_ += 1;
    if (const auto* const movement = std::get_if<Movement>(&item)) return take_movement(*movement);
    if (const auto* const event = std::get_if<OrderEvent>(&item)) {
        auto& order = orders_[event->order.id];
        const auto expected = order.id.is_nil() ? 1 : order.version + 1;
        if (event->order.version != expected) return at("versions_step_by_one", event->seq);
        order = event->order;
    }
    return std::nullopt;
}

std::optional<std::string> LedgerFold::compare(const std::map<LevelKey, StockLevel>& levels) const {
    std::map<ProductId, std::int64_t> sums;
    for (const auto& [key, units] : units_) sums[key.first] += units;
    for (const auto& [product, sum] : sums)
        if (sum != 0) return sentence("units_conserved broken for product ", raw(product));

    std::map<LevelKey, std::int64_t> open;
    for (const auto& [id, order] : orders_)
        for (const auto& line : order.lines) open[line.level] += line.quantity - line.fulfilled - line.cancelled;
    for (const auto& [key, folded] : folded_)
        if (!levels.contains(key)) return at("fold_of_feed_equals_levels", key);
    for (const auto& [key, level] : levels) {
        const auto found = folded_.find(key);
        const auto folded = found == folded_.end() ? Folded{} : found->second;
        if (level.on_hand != units(key.product, raw(key.location)) || level.allocated != folded.allocated ||
            level.version != folded.version)
            return at("fold_of_feed_equals_levels", key);
        if (level.on_hand - level.unavailable - level.held - level.allocated < 0)
            return at("available_never_negative", key);
        const auto promised = open.find(key);
        if (level.allocated != (promised == open.end() ? 0 : promised->second))
            return at("allocated_equals_open_lines", key);
    }
    return std::nullopt;
}

}  // namespace onhand::domain::testing
