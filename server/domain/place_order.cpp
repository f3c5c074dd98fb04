#include <array>
#include <span>

#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/posting.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

// One line after adding up: what is asked for and the level it comes from (nullptr: there is none, so 0 available).
struct Want {
    LevelKey key;
    const Product* product;
    const Location* location;
    StockLevel* level;
    Quantity quantity;

    Quantity available() const { return level == nullptr ? 0 : level->available(); }
};

// The lines of one order, in the order in which they first appear. On the stack: this runs for every order.
struct Basket {
    std::array<Want, order_lines_max> wants;
    std::size_t size = 0;

    std::span<Want> all() { return {wants.data(), size}; }
    Want* find(LevelKey key) {
        for (auto& want : all())
            if (want.key == key) return &want;
        return nullptr;
    }
};

Refusal refuse_quantity(std::size_t index, const LineRequest& line) {
    return refuse_at(RefusalCode::invalid_request, sentence("/lines/", index, "/quantity"),
                     sentence("The quantity of SKU ", line.sku, " must be 1 to ", order_line_quantity_max,
                              ", also when several lines ask for it."));
}

// Adds one line to the basket, or says what is wrong with it.
std::optional<Refusal> add_line(const LineRequest& line, std::size_t index, WorkingSet& set, Basket& basket) {
    if (line.quantity < 1 || line.quantity > order_line_quantity_max) return refuse_quantity(index, line);
    const auto* const product = set.find_product(line.sku);
    if (product == nullptr || product->archived)
        return refuse_unknown_sku(product, line.sku, sentence("/lines/", index, "/sku"));
    const auto* const location = set.find_location(line.location);
    if (location == nullptr) return refuse_unknown_location(line.location, sentence("/lines/", index, "/location"));
    const LevelKey key{product->id, location->id};
    if (auto* const same = basket.find(key)) {
        same->quantity += line.quantity;
        if (same->quantity > order_line_quantity_max) return refuse_quantity(index, line);
        return std::nullopt;
    }
    basket.wants[basket.size++] = {key, product, location, set.find_level(key), line.quantity};
    return std::nullopt;
}

std::string shortage_detail(const std::vector<Shortage>& shortages) {
    const auto& first = shortages.front();
    auto detail = first.available == 0
                      ? sentence("SKU ", first.sku, " is out of stock at ", first.location, ", ")
                      : sentence("Only ", first.available, " of SKU ", first.sku, " left at ", first.location, ", ");
    detail += sentence(first.requested, " asked.");
    if (shortages.size() == 2) detail += " One more line is short.";
    if (shortages.size() > 2) detail += sentence(" ", shortages.size() - 1, " more lines are short.");
    return detail;
}

// All short lines, so that the customer learns everything at once.
std::optional<Refusal> refuse_shortages(Basket& basket) {
    std::vector<Shortage> shortages;
    for (const auto& want : basket.all()) {
        const auto available = want.available();
        if (available < want.quantity)
            shortages.push_back({want.product->sku, want.location->code, want.quantity, available});
    }
    if (shortages.empty()) return std::nullopt;
    auto refusal = refuse(RefusalCode::insufficient_stock, shortage_detail(shortages));
    refusal.shortages = std::move(shortages);
    return refusal;
}

Order new_order(const PlaceOrder& command, Basket& basket, WorkingSet& set, const Context& context) {
    Order order;
    order.id = context.ids.next(context.now);
    order.number = set.sequences.order_number.take();
    order.lines.reserve(basket.size);
    for (const auto& want : basket.all())
        order.lines.push_back(
            {.level = want.key, .sku = want.product->sku, .location = want.location->code, .quantity = want.quantity});
    order.reference = command.reference;
    order.customer = command.customer;
    order.note = command.note;
    order.placed_by = context.actor;
    order.placed_at = context.now;
    order.updated_at = context.now;
    return order;
}

}  // namespace

Outcome judge(const PlaceOrder& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (command.lines.empty() || command.lines.size() > order_lines_max)
        return refuse_at(RefusalCode::invalid_request, "/lines",
                         sentence("An order has 1 to ", order_lines_max, " lines."));
    Basket basket;
    for (std::size_t index = 0; index < command.lines.size(); ++index)
        if (auto refusal = add_line(command.lines[index], index, set, basket)) return std::move(*refusal);
    if (auto refusal = refuse_shortages(basket)) return std::move(*refusal);

    Order order = new_order(command, basket, set, context);
    ensure(status_of(order.lines) == OrderStatus::placed, "a new order is open in full");
    for (const auto& want : basket.all())
        post({.kind = MovementKind::allocated,
              .quantity = want.quantity,
              .reason = Reason::order_placed,
              .cause = {CauseType::order, order.id}},
             *want.level, context, changes);
    OrderDone done{order};
    changes.items.emplace_back(OrderEvent{.kind = OrderEvent::Kind::placed,
                                          .order = std::move(order),
                                          .actor = context.actor,
                                          .key = context.key,
                                          .fingerprint = context.fingerprint});
    return done;
}

}  // namespace onhand::domain
