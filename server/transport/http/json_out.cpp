#include "transport/http/json_out.hpp"

#include "base/ensure.hpp"
#include "base/text.hpp"

namespace onhand::http {

namespace {

// `key` is the member's beginning as it stands in the text: `,"name":`.
void put(std::string& out, std::string_view key, std::string_view text) {
    out += key;
    append_json_string(out, text);
}

void put(std::string& out, std::string_view key, std::int64_t value) {
    out += key;
    append_int(out, value);
}

// Words from our own lists, which need no escaping.
void put_word(std::string& out, std::string_view key, std::string_view word) {
    out += key;
    out += '"';
    out += word;
    out += '"';
}

void put_text_or_null(std::string& out, std::string_view key, std::string_view text) {
    out += key;
    if (text.empty()) {
        out += "null";
    } else {
        append_json_string(out, text);
    }
}

void put_time(std::string& out, std::string_view key, UnixMillis time) {
    out += key;
    out += '"';
    append_rfc3339(out, time);
    out += '"';
}

void put_uuid(std::string& out, std::string_view key, const Uuid& id) {
    out += key;
    if (id.is_nil()) {
        out += "null";
        return;
    }
    out += '"';
    append_uuid(out, id);
    out += '"';
}

void put_balances(std::string& out, std::string_view key, const domain::StockLevel& level) {
    put(out, key, level.on_hand);
    put(out, ",\"unavailable\":", level.unavailable);
    put(out, ",\"held\":", level.held);
    put(out, ",\"allocated\":", level.allocated);
    put(out, ",\"available\":", level.available());
    put(out, ",\"incoming\":", level.incoming);
}

void put_place(std::string& out, std::string_view key, std::int64_t place, std::string_view location) {
    put(out, key, place < 0 ? domain::place_name(place) : location);
}

void put_cause(std::string& out, std::string_view type, const Uuid& id, const Uuid& actor) {
    put_word(out, ",\"cause\":{\"type\":", type);
    put_uuid(out, ",\"id\":", id);
    put_uuid(out, ",\"actor\":", actor);
    out += '}';
}

void append_lines(std::string& out, const std::vector<domain::OrderLine>& lines) {
    out += ",\"lines\":[";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& line = lines[i];
        put(out, i == 0 ? "{\"sku\":" : ",{\"sku\":", line.sku);
        put(out, ",\"location\":", line.location);
        put(out, ",\"quantity\":", line.quantity);
        put(out, ",\"allocated\":", line.allocated());
        put(out, ",\"fulfilled\":", line.fulfilled);
        put(out, ",\"cancelled\":", line.cancelled);
        put(out, ",\"returned\":", line.returned);
        out += '}';
    }
    out += ']';
}

// What happened to the level, without the level itself.
void append_movement_facts(std::string& out, const domain::Movement& movement, std::string_view location) {
    put_uuid(out, "\"id\":", movement.id);
    put_word(out, ",\"kind\":", domain::name(movement.kind));
    put(out, ",\"quantity\":", movement.quantity);
    put(out, ",\"delta\":", domain::delta_of(movement).on_hand);
    put_place(out, ",\"from\":", movement.from, location);
    put_place(out, ",\"to\":", movement.to, location);
    out += ",\"reason\":";
    if (movement.reason == domain::Reason::none) {
        out += "null";
    } else {
        put_word(out, {}, domain::name(movement.reason));
    }
    put_text_or_null(out, ",\"note\":", movement.note);
}

void append_item_body(std::string& out, const domain::Movement& movement, const engine::StockView::Names& names,
                      const engine::AccountBook& accounts) {
    out += ",\"movement\":{";
    append_movement_facts(out, movement, names.location);
    put(out, "},\"level\":{\"sku\":", names.sku);
    put(out, ",\"location\":", names.location);
    put_balances(out, ",\"on_hand\":", movement.after);
    put(out, ",\"version\":", movement.after.version);
    put_time(out, ",\"updated_at\":", movement.after.updated_at);
    out += '}';
    put_cause(out, domain::name(movement.cause.type), movement.cause.id, accounts.uuid_of(movement.actor));
}

void append_item_body(std::string& out, const domain::OrderEvent& event, const engine::StockView::Names&,
                      const engine::AccountBook& accounts) {
    out += ",\"order\":";
    append_order(out, event.order, accounts);
    put_cause(out, "order", event.order.id, accounts.uuid_of(event.actor));
}

void append_item_body(std::string& out, const domain::ProductEvent& event, const engine::StockView::Names&,
                      const engine::AccountBook& accounts) {
    out += ",\"product\":";
    append_product(out, event.product);
    put_cause(out, "product", {}, accounts.uuid_of(event.actor));
}

void append_item_body(std::string& out, const domain::LocationEvent& event, const engine::StockView::Names&,
                      const engine::AccountBook& accounts) {
    out += ",\"location\":";
    append_location(out, event.location);
    put_cause(out, "location", {}, accounts.uuid_of(event.actor));
}

std::string_view kind_of_event(const domain::Movement&) {
    return "stock.changed";
}

std::string_view kind_of_event(const domain::OrderEvent& event) {
    switch (event.kind) {
        case domain::OrderEvent::Kind::placed:
            return "order.placed";
        case domain::OrderEvent::Kind::fulfilled:
            return "order.fulfilled";
        case domain::OrderEvent::Kind::cancelled:
            return "order.cancelled";
    }
    ensure(false, "every kind of order event has a name");
    return {};
}

std::string_view kind_of_event(const domain::ProductEvent& event) {
    switch (event.kind) {
        case domain::ProductEvent::Kind::created:
            return "product.created";
        case domain::ProductEvent::Kind::updated:
            return "product.updated";
        case domain::ProductEvent::Kind::archived:
            return "product.archived";
    }
    ensure(false, "every kind of product event has a name");
    return {};
}

std::string_view kind_of_event(const domain::LocationEvent&) {
    return "location.created";
}

}  // namespace

void append_level(std::string& out, const domain::LevelView& view) {
    put(out, "{\"sku\":", view.sku);
    put(out, ",\"name\":", view.name);
    put(out, ",\"category\":", view.category);
    put(out, ",\"location\":", view.location);
    put_balances(out, ",\"on_hand\":", view.level);
    put(out, ",\"reorder_point\":", view.reorder_point);
    put(out, ",\"version\":", view.level.version);
    put_time(out, ",\"updated_at\":", view.level.updated_at);
    out += '}';
}

void append_change(std::string& out, domain::FeedSeq seq, std::string_view sku, std::string_view location,
                   const domain::StockLevel& level) {
    put(out, "{\"seq\":", seq);
    put(out, ",\"sku\":", sku);
    put(out, ",\"location\":", location);
    put_balances(out, ",\"on_hand\":", level);
    put(out, ",\"version\":", level.version);
    out += '}';
}

void append_order(std::string& out, const domain::Order& order, const engine::AccountBook& accounts) {
    put_uuid(out, "{\"id\":", order.id);
    put(out, ",\"number\":", order.number);
    put_word(out, ",\"status\":", domain::name(order.status));
    append_lines(out, order.lines);
    put_text_or_null(out, ",\"reference\":", order.reference);
    put_text_or_null(out, ",\"customer\":", order.customer);
    put_text_or_null(out, ",\"note\":", order.note);
    put_uuid(out, ",\"placed_by\":", accounts.uuid_of(order.placed_by));
    put_time(out, ",\"placed_at\":", order.placed_at);
    put_time(out, ",\"updated_at\":", order.updated_at);
    put(out, ",\"version\":", order.version);
    out += '}';
}

void append_movement(std::string& out, const domain::Movement& movement, std::string_view sku,
                     std::string_view location, const engine::AccountBook& accounts) {
    out += "{\"seq\":";
    if (movement.seq > 0) {
        append_int(out, movement.seq);
    } else {
        out += "null";
    }
    out += ',';
    append_movement_facts(out, movement, location);
    put(out, ",\"sku\":", sku);
    put(out, ",\"location\":", location);
    put_uuid(out, ",\"actor\":", accounts.uuid_of(movement.actor));
    put_word(out, ",\"cause\":{\"type\":", domain::name(movement.cause.type));
    put_uuid(out, ",\"id\":", movement.cause.id);
    put_balances(out, "},\"after\":{\"on_hand\":", movement.after);
    put(out, "},\"version\":", movement.after.version);
    put_time(out, ",\"at\":", movement.after.updated_at);
    out += '}';
}

void append_product(std::string& out, const domain::Product& product) {
    put(out, "{\"sku\":", product.sku);
    put(out, ",\"name\":", product.name);
    put(out, ",\"category\":", product.category);
    put(out, ",\"barcode\":", product.barcode);
    if (product.unit_price.amount.empty()) {
        out += ",\"unit_price\":null";
    } else {
        put(out, ",\"unit_price\":{\"amount\":", product.unit_price.amount);
        put(out, ",\"currency\":", product.unit_price.currency);
        out += '}';
    }
    out += ",\"attributes\":";
    out += product.attributes.empty() ? std::string_view("{}") : std::string_view(product.attributes);
    put(out, ",\"reorder_point\":", product.reorder_point);
    out += product.archived ? ",\"archived\":true" : ",\"archived\":false";
    put(out, ",\"version\":", product.version);
    put_time(out, ",\"created_at\":", product.created_at);
    put_time(out, ",\"updated_at\":", product.updated_at);
    out += '}';
}

void append_location(std::string& out, const domain::Location& location) {
    put(out, "{\"code\":", location.code);
    put(out, ",\"name\":", location.name);
    put(out, ",\"version\":", location.version);
    put_time(out, ",\"created_at\":", location.created_at);
    out += '}';
}

std::string_view kind_of(const domain::FeedItem& item) {
    return std::visit([](const auto& event) { return kind_of_event(event); }, item);
}

void append_feed_item(std::string& out, const domain::FeedItem& item, const engine::StockView::Names& names,
                      const engine::AccountBook& accounts) {
    put(out, "{\"seq\":", domain::seq_of(item));
    put_word(out, ",\"kind\":", kind_of(item));
    put_time(out, ",\"at\":", domain::time_of(item));
    std::visit([&](const auto& event) { append_item_body(out, event, names, accounts); }, item);
    out += '}';
}

bool render_refusal(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                    std::string& body) {
    const auto* const refused = domain::refusal(outcome);
    if (refused == nullptr) return false;
    const Problem problem = problem_of(*refused);
    status = problem.status;
    append_problem(body, problem, context.trace_id);
    return true;
}

}  // namespace onhand::http
