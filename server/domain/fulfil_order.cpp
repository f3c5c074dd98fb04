#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/order_events.hpp"
#include "domain/posting.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

OrderLine* find_line(Order& order, const LineRequest& request) {
    for (auto& line : order.lines) {
        const bool here =
            request.location.empty() ? line.level.location == main_location : line.location == request.location;
        if (here && line.sku == request.sku) return &line;
    }
    return nullptr;
}

// "2 of A at MAIN, 1 of B at MAIN": what may still be shipped, for the person who asked for too much.
std::string open_lines(const Order& order) {
    constexpr std::size_t named_max = 5;
    std::string text;
    std::size_t named = 0;
    for (const auto& line : order.lines) {
        if (line.allocated() == 0) continue;
        if (named++ == named_max) return text += ", and more";
        if (named > 1) text += ", ";
        text += sentence(line.allocated(), " of ", line.sku, " at ", line.location);
    }
    return text;
}

// How much each line of the order ships; same index as order.lines.
using Shipment = std::vector<Quantity>;

Shipment all_open(const Order& order) {
    Shipment shipment;
    shipment.reserve(order.lines.size());
    for (const auto& line : order.lines) shipment.push_back(line.allocated());
    return shipment;
}

// Adds up the asked lines. Fills `shipment`, or says which line cannot be shipped.
std::optional<Refusal> asked_lines(const FulfilOrder& command, Order& order, Shipment& shipment) {
    shipment.assign(order.lines.size(), 0);
    for (std::size_t index = 0; index < command.lines.size(); ++index) {
        const auto& asked = command.lines[index];
        if (asked.quantity < 1 || asked.quantity > order_line_quantity_max)
            return refuse_at(RefusalCode::invalid_request, sentence("/lines/", index, "/quantity"),
                             sentence("The quantity must be 1 to ", order_line_quantity_max, "."));
        auto* const line = find_line(order, asked);
        if (line == nullptr)
            return refuse_at(RefusalCode::invalid_request, sentence("/lines/", index, "/sku"),
                             sentence("Order ", order.number, " has no line for SKU ", asked.sku, " at ",
                                      asked.location.empty() ? main_location_code : asked.location.c_str(), "."));
        auto& quantity = shipment[static_cast<std::size_t>(line - order.lines.data())];
        quantity += asked.quantity;
        if (quantity > line->allocated())
            return refuse(RefusalCode::invalid_state,
                          sentence("Order ", order.number, " has only ", line->allocated(), " of SKU ", line->sku,
                                   " left to ship at ", line->location, ". Open: ", open_lines(order), "."));
    }
    return std::nullopt;
}

void ship_line(OrderLine& line, Quantity quantity, const Order& order, WorkingSet& set, const Context& context,
               Changes& changes) {
    auto* const level = set.find_level(line.level);
    ensure(level != nullptr && level->allocated >= quantity, "allocated_equals_open_lines");
    post({.kind = MovementKind::fulfilled,
          .quantity = quantity,
          .reason = Reason::order_shipped,
          .cause = {CauseType::order, order.id}},
         *level, context, changes);
    line.fulfilled += quantity;
}

}  // namespace

Outcome judge(const FulfilOrder& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const order = set.find_order(command.order);
    if (order == nullptr) return refuse(RefusalCode::not_found, "There is no such order.");
    if (command.lines.size() > order_lines_max)
        return refuse_at(RefusalCode::invalid_request, "/lines",
                         sentence("At most ", order_lines_max, " lines at a time."));
    if (order->status != OrderStatus::placed && order->status != OrderStatus::partially_fulfilled)
        return refuse(RefusalCode::invalid_state,
                      sentence("Order ", order->number, " is ", name(order->status), ": nothing is left to ship."));
    Shipment shipment;
    if (command.lines.empty())
        shipment = all_open(*order);
    else if (auto refusal = asked_lines(command, *order, shipment))
        return std::move(*refusal);
    for (std::size_t index = 0; index < shipment.size(); ++index)
        if (shipment[index] > 0) ship_line(order->lines[index], shipment[index], *order, set, context, changes);
    return finish_order_change(*order, OrderEvent::Kind::fulfilled, context, changes);
}

}  // namespace onhand::domain
