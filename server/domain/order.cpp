#include "domain/order.hpp"

#include "base/ensure.hpp"

namespace onhand::domain {

OrderStatus status_of(const std::vector<OrderLine>& lines) {
    Quantity open = 0, fulfilled = 0, returned = 0;
    for (const auto& line : lines) {
        ensure(line.allocated() >= 0, "a line ships and cancels no more than was asked");
        ensure(line.returned <= line.fulfilled, "only what was shipped comes back");
        open += line.allocated();
        fulfilled += line.fulfilled;
        returned += line.returned;
    }
    if (open > 0) return fulfilled > 0 ? OrderStatus::partially_fulfilled : OrderStatus::placed;
    if (fulfilled == 0) return OrderStatus::cancelled;
    if (returned == 0) return OrderStatus::fulfilled;
    return returned == fulfilled ? OrderStatus::returned : OrderStatus::partially_returned;
}

Order as_placed(const Order& order) {
    Order first = order;
    for (auto& line : first.lines) {
        line.fulfilled = 0;
        line.cancelled = 0;
        line.returned = 0;
    }
    first.status = OrderStatus::placed;
    first.updated_at = order.placed_at;
    first.version = 1;
    return first;
}

}  // namespace onhand::domain
