// Orders: placing (the hot path: one arena, no copies but the texts kept), reading, fulfilling and cancelling.

#include <utility>

#include "base/spare_turns.hpp"
#include "base/text.hpp"
#include "domain/catalogue.hpp"
#include "domain/order.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_in.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/order_body.hpp"
#include "transport/http/order_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

constexpr std::string_view lines_pointer = "/lines";
constexpr std::size_t order_json_bytes = 512;  // a usual order

// Reads `lines` of an order or a shipment. Left out it stays empty, which only a shipment allows.
void read_lines(Fields& fields, Errors& errors, Need need, std::vector<domain::LineRequest>& lines) {
    JsonNode* const array = fields.objects("lines", 1, domain::order_lines_max, need);
    if (array == nullptr) return;
    lines.resize(array->count);
    JsonNode* entry = array->first();
    for (std::uint32_t i = 0; i < array->count; ++i, entry = entry->next()) {
        Fields line(*entry, errors, lines_pointer, i);
        if (auto sku = line.code("sku", domain::sku_bytes_max, Need::required)) lines[i].sku = *sku;
        if (auto code = line.code("location", domain::location_code_bytes_max)) lines[i].location = *code;
        if (auto n = line.integer("quantity", 1, domain::order_line_quantity_max, Need::required))
            lines[i].quantity = *n;
        line.finish();
    }
}

template <std::int32_t status_when_done>
void render_order(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                  std::string& body) {
    if (render_refusal(outcome, context, status, body)) return;
    status = status_when_done;
    body.reserve(order_json_bytes);
    append_order(body, std::get<domain::OrderDone>(outcome).order, context.accounts);
}

std::optional<Uuid> order_id(Exchange& exchange) {
    auto id = parse_uuid(exchange.path_parameter("id"));
    if (!id) exchange.problem(not_found("There is no such order."));
    return id;
}

void reply_order(Exchange& exchange, const Uuid& id) {
    const auto found = exchange.services().queries.order(id);
    if (!found) return reply_unreadable(exchange, found.error());
    if (!*found) return exchange.problem(not_found("There is no such order."));
    const domain::Order& order = (*found)->order;
    std::string body;
    append_order(body, order, exchange.services().accounts);
    reply_with_etag(exchange, etag_of(order.version), std::move(body));
}

void reply_orders(Exchange& exchange, const domain::OrderFilter& filter, ListQuery list) {
    const auto page = exchange.services().queries.orders(filter);
    if (!page) return reply_unreadable(exchange, page.error());
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < page->rows.size(); ++i) {
        give_way();
        if (i > 0) body += ',';
        append_order(body, page->rows[i].order, exchange.services().accounts);
    }
    body += ']';
    std::optional<std::int64_t> next;
    if (page->more && !page->rows.empty()) next = page->rows.back().placed_seq;
    list.finish_page(body, next, page->total);
    if (!page->total_is_exact) body.replace(body.size() - 1, 1, ",\"total_is_exact\":false}");
    exchange.reply(200, std::move(body));
}

}  // namespace

bool read_new_order(Exchange& exchange, domain::PlaceOrder& order) {
    JsonDocument document;
    JsonNode* const object = read_object(exchange, document);
    if (object == nullptr) return false;
    Errors errors;
    Fields fields(*object, errors);
    read_lines(fields, errors, Need::required, order.lines);
    if (auto text = fields.text("reference", domain::reference_bytes_max)) order.reference = *text;
    if (auto text = fields.text("customer", domain::customer_bytes_max)) order.customer = *text;
    if (auto text = fields.text("note", domain::note_bytes_max)) order.note = *text;
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return false;
    // The same order may be sent again by a client that spaces or escapes its JSON in another way, or by the live feed.
    std::string canonical;
    canonical.reserve(exchange.body().size());
    append_json(canonical, *object);
    exchange.compare_as(std::move(canonical));
    return true;
}

void place_order(Exchange& exchange) {
    domain::PlaceOrder order;
    if (!read_new_order(exchange, order)) return;
    exchange.location("/api/v1/orders/");
    exchange.submit(std::move(order), &render_order<201>);
}

void fulfil_order(Exchange& exchange) {
    const auto id = order_id(exchange);
    if (!id) return;
    domain::FulfilOrder command;
    command.order = *id;
    if (!exchange.body().empty()) {
        JsonDocument document;
        JsonNode* const object = read_object(exchange, document);
        if (object == nullptr) return;
        Errors errors;
        Fields fields(*object, errors);
        read_lines(fields, errors, Need::optional, command.lines);
        fields.finish();
        if (refuse_if_wrong(exchange, errors)) return;
    }
    exchange.submit(std::move(command), &render_order<200>);
}

void cancel_order(Exchange& exchange) {
    const auto id = order_id(exchange);
    if (!id) return;
    if (!exchange.body().empty()) {
        JsonDocument document;
        JsonNode* const object = read_object(exchange, document);
        if (object == nullptr) return;
        Errors errors;
        Fields(*object, errors).finish();
        if (refuse_if_wrong(exchange, errors)) return;
    }
    exchange.submit(domain::CancelOrder{*id}, &render_order<200>);
}

void get_order(Exchange& exchange) {
    const auto id = order_id(exchange);
    if (!id) return;
    exchange.read([id = *id](Exchange& reader) { reply_order(reader, id); });
}

std::optional<domain::OrderFilter> read_order_filter(ListQuery& list, const engine::StockView& stock) {
    domain::OrderFilter filter;
    if (auto text = list.text("status", search_bytes_max)) {
        filter.status = domain::order_status_from(*text);
        if (!filter.status) list.fail("status", "is not a status of an order");
    }
    filter.search = list.text("search", search_bytes_max).value_or("");
    if (auto sku = list.text("sku", domain::sku_bytes_max)) {
        const auto product = stock.product(*sku);
        if (!product) return std::nullopt;
        filter.product = product->id;
    }
    return filter;
}

void list_orders(Exchange& exchange) {
    ListQuery list(exchange);
    auto filter = read_order_filter(list, exchange.services().stock);
    const bool mine = list.flag("mine");
    list.read_page(ListQuery::Offset::allowed);
    if (list.refuse_if_wrong()) return;
    if (!filter) {
        std::string body = "{\"items\":[]";
        list.finish_page(body, std::nullopt, 0);
        return exchange.reply(200, std::move(body));
    }
    if (mine) filter->placed_by = exchange.caller().account;
    filter->limit = list.limit();
    filter->offset = list.offset();
    filter->before = list.position().value_or(0);
    exchange.read([filter = std::move(*filter), list](Exchange& reader) { reply_orders(reader, filter, list); });
}

}  // namespace onhand::http
