#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/order_events.hpp"
#include "domain/posting.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

Outcome judge(const CancelOrder& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const order = set.find_order(command.order);
    if (order == nullptr) return refuse(RefusalCode::not_found, "There is no such order.");
    if (context.role == Role::clerk && order->placed_by != context.actor)
        return refuse(RefusalCode::forbidden, "A clerk may cancel only orders they placed themselves.");
    if (order->status != OrderStatus::placed && order->status != OrderStatus::partially_fulfilled)
        return refuse(RefusalCode::invalid_state,
                      sentence("Order ", order->number, " is ", name(order->status), ": nothing is left to cancel."));
    for (auto& line : order->lines) {
        const auto open = line.allocated();
        if (open == 0) continue;
        auto* const level = set.find_level(line.level);
        ensure(level != nullptr && level->allocated >= open, "allocated_equals_open_lines");
        post({.kind = MovementKind::deallocated,
              .quantity = open,
              .reason = Reason::order_cancelled,
              .cause = {CauseType::order, order->id}},
             *level, context, changes);
        line.cancelled += open;
    }
    return finish_order_change(*order, OrderEvent::Kind::cancelled, context, changes);
}

}  // namespace onhand::domain
