#include "domain/order_events.hpp"

#include "base/ensure.hpp"

namespace onhand::domain {

Outcome finish_order_change(Order& order, OrderEvent::Kind kind, const Context& context, Changes& changes) {
    order.status = status_of(order.lines);
    ensure(order.status != OrderStatus::placed, "a changed order is no longer as it was placed");
    order.version += 1;
    order.updated_at = context.now;
    changes.items.emplace_back(OrderEvent{.kind = kind, .order = order, .actor = context.actor});
    return OrderDone{order};
}

}  // namespace onhand::domain
