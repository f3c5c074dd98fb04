#pragma once
// The one place where a stock level changes: post() applies a movement to its level, checks the invariants, and
// appends it to the ledger. Private to the room; called by the commands after they have accepted. The thread that owns
// the set.

#include <string>

#include "domain/decide.hpp"

namespace onhand::domain {

struct Posting {
    MovementKind kind = MovementKind::received;
    Quantity quantity = 0;  // above 0
    bool up = true;         // direction of adjusted and counted
    Reason reason = Reason::none;
    Cause cause;
    std::string_view note = {};
};

// Changes `level` (a row of the set) and appends the movement. The reference lasts until the next item is appended.
// Aborts when the level would become invalid: the command has to make sure before.
Movement& post(const Posting& posting, StockLevel& level, const Context& context, Changes& changes);

// The row of the set, made with version 0 when the product has no level there yet.
StockLevel& level_for_change(WorkingSet& set, LevelKey key);

// The level with the texts a reader wants beside it.
LevelView view_of(const StockLevel& level, const Product& product, const Location& location);

}  // namespace onhand::domain
