// The yardstick of the benchmark, compiled only with ONHAND_BENCH: a POST that is read, checked and answered as a new
// order is, with an answer of the same size, but never reaches the engine. What an order costs beyond it is the price
// of placing it.

#include <string>

#include "domain/order.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/order_body.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

// The answer to an order of one unit, made once: writing JSON is part of the price of placing an order.
std::string sample_answer(const Exchange& exchange, const domain::PlaceOrder& given) {
    domain::Order order;
    order.id.bytes.fill(0x5a);
    order.number = domain::first_order_number;
    for (const auto& line : given.lines)
        order.lines.push_back({.level = {}, .sku = line.sku, .location = "MAIN", .quantity = line.quantity});
    order.placed_by = exchange.caller().account;
    order.placed_at = order.updated_at = exchange.services().clock.wall_ms();
    std::string body;
    append_order(body, order, exchange.services().accounts);
    return body;
}

}  // namespace

void bench_noop(Exchange& exchange) {
    domain::PlaceOrder order;
    if (!read_new_order(exchange, order)) return;
    thread_local const std::string answer = sample_answer(exchange, order);
    exchange.add_header("Location", "/api/v1/orders/5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a");
    exchange.reply(201, answer);
}

}  // namespace onhand::http
