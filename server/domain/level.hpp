#pragma once
// The stock level: how much of one product is at one location, and how much of it may be promised. The invariants
// `available_never_negative` and `versions_step_by_one` live here. Pure, any thread.

#include <optional>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/quantity.hpp"

namespace onhand::domain {

struct StockLevel {
    LevelKey key;
    Quantity on_hand = 0;      // physically there
    Quantity unavailable = 0;  // part of on_hand that must not be sold (damaged, quarantine, safety stock)
    Quantity held = 0;         // promised for a time, to a hold
    Quantity allocated = 0;    // promised to placed orders, without a time limit
    Quantity incoming = 0;     // promised by a supplier; never part of on_hand
    std::int64_t version = 0;  // 0 before the first movement; rises by exactly 1 with each
    UnixMillis updated_at = 0;

    // What may be promised now.
    Quantity available() const { return on_hand - unavailable - held - allocated; }
    bool operator==(const StockLevel&) const = default;
};

// True when every part is a valid quantity and available is not negative.
bool is_valid(const StockLevel& level);

// What one movement does to a level.
struct LevelDelta {
    Quantity on_hand = 0;
    Quantity unavailable = 0;
    Quantity held = 0;
    Quantity allocated = 0;
    Quantity incoming = 0;
};

// The level after `delta`: version one higher, updated_at = now. nullopt when the result would not be valid; the
// level is then untouched.
std::optional<StockLevel> apply(const StockLevel& level, const LevelDelta& delta, UnixMillis now);

}  // namespace onhand::domain
