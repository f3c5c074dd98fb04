#pragma once
// What fulfilling and cancelling share: writing the new state of an order. Private to the room. The thread that owns
// the set.

#include "domain/decide.hpp"

namespace onhand::domain {

// Gives `order` (a row of the set, lines already changed) its new status, version and time, appends the event and
// returns the outcome.
Outcome finish_order_change(Order& order, OrderEvent::Kind kind, const Context& context, Changes& changes);

}  // namespace onhand::domain
