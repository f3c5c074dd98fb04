// The ledger: movements newest first, or ascending after a feed number.

#include <utility>

#include "base/spare_turns.hpp"
#include "base/text.hpp"
#include "domain/catalogue.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/movement_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

void reply_movements(Exchange& exchange, const domain::MovementFilter& filter, ListQuery list) {
    const auto page = exchange.services().queries.movements(filter);
    if (!page) return reply_unreadable(exchange, page.error());
    const auto names = names_of(exchange.services().stock, page->rows);
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < page->rows.size(); ++i) {
        give_way();
        if (i > 0) body += ',';
        append_movement(body, page->rows[i], names[i].sku, names[i].location, exchange.services().accounts);
    }
    body += ']';
    std::optional<std::int64_t> next;
    if (page->more && !page->rows.empty()) next = page->rows.back().seq;
    list.finish_page(body, next, std::nullopt);
    exchange.reply(200, std::move(body));
}

}  // namespace

std::optional<domain::MovementFilter> read_movement_filter(ListQuery& list, const engine::StockView& stock) {
    domain::MovementFilter filter;
    bool nothing = false;
    if (auto sku = list.text("sku", domain::sku_bytes_max)) {
        const auto product = stock.product(*sku);
        nothing = nothing || !product;
        if (product) filter.product = product->id;
    }
    if (auto code = list.text("location", domain::location_code_bytes_max)) {
        const auto location = stock.location(*code);
        nothing = nothing || !location;
        if (location) filter.location = location->id;
    }
    if (auto text = list.text("order", search_bytes_max)) {
        filter.order = parse_uuid(*text);
        if (!filter.order) list.fail("order", "is not the id of an order");
    }
    if (nothing) return std::nullopt;
    return filter;
}

std::vector<engine::StockView::Names> names_of(const engine::StockView& stock,
                                               const std::vector<domain::Movement>& movements) {
    std::vector<domain::LevelKey> keys;
    keys.reserve(movements.size());
    for (const auto& movement : movements) keys.push_back(movement.after.key);
    return stock.names(keys);
}

void list_movements(Exchange& exchange) {
    ListQuery list(exchange);
    auto filter = read_movement_filter(list, exchange.services().stock);
    const auto after = list.integer("after", 0, INT64_MAX);
    list.read_page(ListQuery::Offset::none);
    if (list.refuse_if_wrong()) return;
    if (!filter) {
        std::string body = "{\"items\":[]";
        list.finish_page(body, std::nullopt, std::nullopt);
        return exchange.reply(200, std::move(body));
    }
    filter->limit = list.limit();
    if (after) {
        filter->after = list.position().value_or(*after);
    } else {
        filter->before = list.position().value_or(0);
    }
    exchange.read([filter = *filter, list](Exchange& reader) { reply_movements(reader, filter, list); });
}

}  // namespace onhand::http
