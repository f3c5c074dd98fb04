#pragma once
// The ledger folded over again: what the movements add up to must be what each of them says, and what the level table
// says at the end. Used by the verify routines of the adapters, on the thread that verifies. Keeps one level for each
// product and location; reads nothing itself.

#include <map>
#include <string>
#include <unordered_map>

#include "domain/movement.hpp"
#include "storage/findings.hpp"

namespace onhand::storage {

class LedgerFold {
  public:
    // Checks versions_step_by_one, available_never_negative, units_conserved and fold_of_feed_equals_levels, noted in
    // `findings`, which outlives this.
    explicit LedgerFold(Findings& findings);

    // Every movement, in the order of the feed.
    void add(const domain::Movement& movement);
    // Then every row of the level table.
    void compare(const domain::StockLevel& level);
    // Then once.
    void finish();

  private:
    Findings& findings_;
    std::unordered_map<domain::LevelKey, domain::StockLevel> folded_;
    std::map<std::int64_t, domain::Quantity> net_of_place_;  // units that came in minus those that left
    std::map<std::int64_t, domain::Quantity> on_hand_at_;    // by location, from the level table
};

}  // namespace onhand::storage
