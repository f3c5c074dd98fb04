#pragma once
// Movements: the ledger, double entry. Each says how many units went from which place to which, why, by whom, and
// what the level was afterwards; the sum over all places is zero (`units_conserved`). Rows are never changed.
// Plain values; pure, any thread.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "domain/ids.hpp"
#include "domain/level.hpp"
#include "domain/names.hpp"

namespace onhand::domain {

// The document behind a change.
enum class CauseType : std::uint8_t { none = 0, order = 1, adjustment = 2, product = 3, import = 4 };
std::string_view name(CauseType type);

struct Cause {
    CauseType type = CauseType::none;
    Uuid id;  // nil where the cause has no document of its own
    bool operator==(const Cause&) const = default;
};

struct Movement {
    FeedSeq seq = 0;  // given by the store; 0 until then
    Uuid id;          // also the id of an adjustment
    MovementKind kind = MovementKind::received;
    Quantity quantity = 0;  // units moved, above 0
    std::int64_t from = 0;  // a Place (negative) or a location id
    std::int64_t to = 0;
    Reason reason = Reason::none;
    std::string note;
    AccountId actor{};
    Cause cause;
    StockLevel after;  // key, balances, version and time after the movement
};

// What a movement of `kind` with `quantity` units does to its level. `up` matters only for adjusted and counted.
LevelDelta delta_of(MovementKind kind, Quantity quantity, bool up);
// The same read back from a stored movement: up when goods came into the location.
LevelDelta delta_of(const Movement& movement);

}  // namespace onhand::domain
