// Stock levels: the table, one product's levels, and changes by hand. All reads are from memory.

#include <array>
#include <utility>

#include "base/text.hpp"
#include "domain/catalogue.hpp"
#include "domain/order.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_in.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/resources.hpp"
#include "transport/http/stock_query.hpp"

namespace onhand::http {

namespace {

void render_adjustment(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                       std::string& body) {
    if (render_refusal(outcome, context, status, body)) return;
    const auto& done = std::get<domain::AdjustmentDone>(outcome);
    status = 201;
    body += "{\"movement\":";
    append_movement(body, done.movement, done.level.sku, done.level.location, context.accounts);
    body += ",\"level\":";
    append_level(body, done.level);
    body += '}';
}

void append_totals(std::string& out, const std::vector<domain::LevelView>& levels) {
    domain::StockLevel sum;
    for (const auto& view : levels) {
        sum.on_hand += view.level.on_hand;
        sum.unavailable += view.level.unavailable;
        sum.held += view.level.held;
        sum.allocated += view.level.allocated;
        sum.incoming += view.level.incoming;
    }
    out += "\"totals\":{\"on_hand\":";
    append_int(out, sum.on_hand);
    out += ",\"unavailable\":";
    append_int(out, sum.unavailable);
    out += ",\"held\":";
    append_int(out, sum.held);
    out += ",\"allocated\":";
    append_int(out, sum.allocated);
    out += ",\"available\":";
    append_int(out, sum.available());
    out += ",\"incoming\":";
    append_int(out, sum.incoming);
    out += '}';
}

// The versions of the levels, and what the answer says of the product itself: its name may change without any level
// changing, and the tag must differ then too.
std::string etag_of_levels(const std::vector<domain::LevelView>& levels) {
    std::string tag = "\"";
    std::uint32_t product = 2166136261U;
    const auto mix = [&product](std::string_view text) {
        for (const char c : text) product = (product ^ static_cast<unsigned char>(c)) * 16777619U;
        product = (product ^ 0xFFU) * 16777619U;
    };
    for (const auto& view : levels) {
        append_int(tag, view.level.version);
        tag += '.';
        mix(view.location);
    }
    if (!levels.empty()) {
        mix(levels.front().name);
        mix(levels.front().category);
        mix(std::to_string(levels.front().reorder_point));
    }
    tag += std::to_string(product) + '"';
    return tag;
}

void check_reason(Fields& fields, domain::AdjustStock& command) {
    const auto word = fields.text("reason", search_bytes_max, Need::required);
    if (!word) return;
    const auto reason = domain::reason_from(*word);
    const bool known = reason && *reason != domain::Reason::none;
    if (!known) return fields.fail("reason", "is not a known reason");
    command.reason = *reason;
    const auto direction = domain::direction_of(*reason);
    if (direction == domain::Direction::system_only) return fields.fail("reason", "is used by the system only");
    if (direction == domain::Direction::up_only && command.delta < 0)
        return fields.fail("delta", "must be above 0 with this reason");
    if (direction == domain::Direction::down_only && command.delta > 0)
        return fields.fail("delta", "must be below 0 with this reason");
    if (*reason == domain::Reason::other && command.note.empty())
        fields.fail("note", "is required with the reason other");
}

void reply_stock(Exchange& exchange, const engine::StockFilter& filter, ListQuery list) {
    const auto page = exchange.services().stock.page(filter);
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
        if (i > 0) body += ',';
        append_level(body, page.rows[i]);
    }
    body += "],\"head\":";
    append_int(body, page.head);
    const auto end = filter.offset + static_cast<std::int64_t>(page.rows.size());
    std::optional<std::int64_t> next;
    if (end < page.total && !page.rows.empty()) next = end;
    list.finish_page(body, next, page.total);
    exchange.reply(200, std::move(body));
}

}  // namespace

void list_stock(Exchange& exchange) {
    ListQuery list(exchange);
    engine::StockFilter filter = read_stock_filter(list);
    read_stock_sort(list, filter);
    list.read_page(ListQuery::Offset::allowed);
    if (list.refuse_if_wrong()) return;
    filter.limit = list.limit();
    filter.offset = list.position().value_or(list.offset());
    // A page of the table as it stands costs microseconds; anything else looks through all levels, which would hold up
    // every order on this io thread.
    if (filter.is_plain()) return reply_stock(exchange, filter, list);
    exchange.read([filter = std::move(filter), list](Exchange& reader) { reply_stock(reader, filter, list); });
}

void get_stock(Exchange& exchange) {
    const auto sku = exchange.path_parameter("sku");
    auto& stock = exchange.services().stock;
    ListQuery list(exchange);
    const auto location = list.text("location", domain::location_code_bytes_max);
    if (list.refuse_if_wrong()) return;
    auto levels = stock.levels(sku);
    if (!levels) {
        domain::Refusal refusal;
        refusal.code = domain::RefusalCode::unknown_sku;
        refusal.detail = "There is no product with this SKU.";
        return exchange.problem(problem_of(refusal));
    }
    if (location) {
        if (!stock.location(*location)) {
            domain::Refusal refusal;
            refusal.code = domain::RefusalCode::unknown_location;
            refusal.detail = "There is no location with this code.";
            return exchange.problem(problem_of(refusal));
        }
        std::erase_if(*levels, [&](const domain::LevelView& view) { return view.location != *location; });
    }
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < levels->size(); ++i) {
        if (i > 0) body += ',';
        append_level(body, (*levels)[i]);
    }
    body += "],";
    append_totals(body, *levels);
    body += '}';
    reply_with_etag(exchange, etag_of_levels(*levels), std::move(body));
}

void adjust_stock(Exchange& exchange) {
    JsonDocument document;
    JsonNode* const object = read_object(exchange, document);
    if (object == nullptr) return;
    Errors errors;
    Fields fields(*object, errors);
    domain::AdjustStock command;
    if (auto sku = fields.code("sku", domain::sku_bytes_max, Need::required)) command.sku = *sku;
    if (auto code = fields.code("location", domain::location_code_bytes_max)) command.location = *code;
    const auto delta = fields.integer("delta", -domain::quantity_max, domain::quantity_max, Need::required);
    command.delta = delta.value_or(0);
    if (delta == 0) fields.fail("delta", "may not be 0");
    if (auto text = fields.text("note", domain::note_bytes_max)) command.note = *text;
    check_reason(fields, command);
    command.expected_version = fields.integer("expected_version", 0, INT64_MAX);
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return;
    exchange.submit(std::move(command), &render_adjustment);
}

}  // namespace onhand::http
