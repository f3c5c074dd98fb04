#pragma once
// Folds the feed back into levels and orders, by the books alone, and compares: units_conserved,
// fold_of_feed_equals_levels, versions_step_by_one, available_never_negative, allocated_equals_open_lines,
// feed_has_no_gaps. For tests of any room that has a feed. It does not use delta_of() or apply(). One thread.

#include <map>
#include <optional>
#include <string>

#include "domain/changes.hpp"

namespace onhand::domain::testing {

class LedgerFold {
  public:
    // Takes the next item of the feed. Returns the name of the broken invariant and where, or nullopt.
    std::optional<std::string> take(const FeedItem& item);

    // Compares the fold with the levels as stored.
    std::optional<std::string> compare(const std::map<LevelKey, StockLevel>& levels) const;

    FeedSeq head() const { return head_; }

  private:
    struct Folded {
        std::int64_t allocated = 0;
        std::int64_t version = 0;
    };
    std::optional<std::string> take_movement(const Movement& movement);
    std::int64_t units(ProductId product, std::int64_t place) const;

    FeedSeq head_ = 0;
    std::map<std::pair<ProductId, std::int64_t>, std::int64_t> units_;  // by product and place, virtual ones too
    std::map<LevelKey, Folded> folded_;
    std::map<Uuid, Order> orders_;
};

}  // namespace onhand::domain::testing
