#include "storage/ledger_fold.hpp"

namespace onhand::storage {

namespace {

constexpr const char* versions = "versions_step_by_one";
constexpr const char* available = "available_never_negative";
constexpr const char* conserved = "units_conserved";
constexpr const char* fold = "fold_of_feed_equals_levels";

std::string name_of(domain::LevelKey key) {
    return "product " + std::to_string(domain::raw(key.product)) + " at location " +
           std::to_string(domain::raw(key.location));
}

std::string at(domain::FeedSeq seq) {
    return "at feed number " + std::to_string(seq);
}

void apply_delta(domain::StockLevel& level, const domain::LevelDelta& delta) {
    level.on_hand += delta.on_hand;
    level.unavailable += delta.unavailable;
    level.held += delta.held;
    level.allocated += delta.allocated;
    level.incoming += delta.incoming;
}

}  // namespace

LedgerFold::LedgerFold(Findings& findings) : findings_(findings) {
    for (const char* name : {versions, available, conserved, fold}) findings_.begin(name);
}

void LedgerFold::add(const domain::Movement& movement) {
    const domain::StockLevel& after = movement.after;
    if (!domain::is_valid(after)) findings_.fail(available, name_of(after.key) + " " + at(movement.seq));
    domain::StockLevel& level = folded_[after.key];
    level.key = after.key;
    if (after.version != level.version + 1)
        findings_.fail(versions, name_of(after.key) + " goes from " + std::to_string(level.version) + " to " +
                                     std::to_string(after.version) + " " + at(movement.seq));
    apply_delta(level, domain::delta_of(movement));
    level.version = after.version;
    level.updated_at = after.updated_at;
    if (level != after) {
        findings_.fail(fold, name_of(after.key) + " is not what its movements add up to " + at(movement.seq));
        level = after;  // so that one wrong movement is reported once
    }
    net_of_place_[movement.from] -= movement.quantity;
    net_of_place_[movement.to] += movement.quantity;
}

void LedgerFold::compare(const domain::StockLevel& level) {
    if (!domain::is_valid(level)) findings_.fail(available, name_of(level.key));
    on_hand_at_[domain::raw(level.key.location)] += level.on_hand;
    domain::StockLevel expected;
    expected.key = level.key;
    expected.updated_at = level.updated_at;
    if (const auto found = folded_.find(level.key); found != folded_.end()) {
        expected = found->second;
        folded_.erase(found);
    }
    if (level != expected) findings_.fail(fold, name_of(level.key) + " differs from the sum of its movements");
}

void LedgerFold::finish() {
    for (const auto& [key, level] : folded_) findings_.fail(fold, name_of(key) + " has movements and no level");
    domain::Quantity sum = 0;
    for (const auto& [place, net] : net_of_place_) {
        sum += net;
        if (place > 0 && net != on_hand_at_[place])
            findings_.fail(conserved, "location " + std::to_string(place) + " received " + std::to_string(net) +
                                          " and has " + std::to_string(on_hand_at_[place]) + " on hand");
    }
    if (sum != 0) findings_.fail(conserved, "the sum over all places is " + std::to_string(sum));
}

}  // namespace onhand::storage
