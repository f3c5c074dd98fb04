// Products, categories and locations.

#include <array>
#include <utility>

#include "base/text.hpp"
#include "domain/catalogue.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_in.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

constexpr std::size_t opening_stock_max = 100;  // entries of a new product
constexpr std::string_view price_pointer = "/unit_price";
constexpr std::string_view opening_stock_pointer = "/opening_stock";

Problem unknown_sku() {
    domain::Refusal refusal;
    refusal.code = domain::RefusalCode::unknown_sku;
    refusal.detail = "There is no product with this SKU.";
    return problem_of(refusal);
}

template <std::int32_t status_when_done>
void render_product(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                    std::string& body) {
    if (render_refusal(outcome, context, status, body)) return;
    status = status_when_done;
    append_product(body, std::get<domain::ProductDone>(outcome).product);
}

void render_archived(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                     std::string& body) {
    if (!render_refusal(outcome, context, status, body)) status = 204;
}

void render_location(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                     std::string& body) {
    if (render_refusal(outcome, context, status, body)) return;
    status = 201;
    append_location(body, std::get<domain::LocationDone>(outcome).location);
}

// Reads unit_price: an amount as a decimal string and a currency. null takes the price away.
std::optional<domain::Money> read_price(Fields& fields, Errors& errors) {
    if (fields.is_null("unit_price")) return domain::Money{};
    JsonNode* const object = fields.object("unit_price");
    if (object == nullptr) return std::nullopt;
    domain::Money price;
    Fields parts(*object, errors, price_pointer);
    if (auto amount = parts.text("amount", domain::name_bytes_max, Need::required)) {
        price.amount = *amount;
        if (!domain::is_amount(*amount))
            parts.fail("amount", "must be a decimal number in a text, like \"12.50\", with at most 4 decimals");
    }
    if (auto currency = parts.text("currency", domain::name_bytes_max, Need::required)) {
        price.currency = *currency;
        if (!domain::is_currency(*currency)) parts.fail("currency", "must be three capital letters, like EUR");
    }
    parts.finish();
    return price;
}

std::optional<std::string> read_attributes(Fields& fields) {
    if (fields.is_null("attributes")) return "{}";
    const JsonNode* const object = fields.object("attributes");
    if (object == nullptr) return std::nullopt;
    std::string text;
    append_json(text, *object);
    if (text.size() > domain::attributes_bytes_max) {
        fields.fail("attributes", "may have at most " + std::to_string(domain::attributes_bytes_max) + " bytes");
        return std::nullopt;
    }
    return text;
}

// A text that null empties; nullopt when it is not there or wrong.
std::optional<std::string> read_clearable(Fields& fields, std::string_view name, std::size_t bytes_max) {
    if (fields.is_null(name)) return std::string();
    const auto text = fields.text(name, bytes_max);
    if (!text) return std::nullopt;
    return std::string(*text);
}

void read_opening_stock(Fields& fields, Errors& errors, std::vector<domain::OpeningStock>& stock) {
    JsonNode* const array = fields.objects("opening_stock", 0, opening_stock_max);
    if (array == nullptr) return;
    stock.resize(array->count);
    JsonNode* entry = array->first();
    for (std::uint32_t i = 0; i < array->count; ++i, entry = entry->next()) {
        Fields parts(*entry, errors, opening_stock_pointer, i);
        if (auto code = parts.code("location", domain::location_code_bytes_max)) stock[i].location = *code;
        stock[i].quantity = parts.integer("quantity", 0, domain::quantity_max, Need::required).value_or(0);
        parts.finish();
    }
}

void reply_products(Exchange& exchange, const engine::ProductFilter& filter, ListQuery list) {
    const auto page = exchange.services().stock.products(filter);
    const auto products = exchange.services().queries.products(page.rows);
    if (!products) return reply_unreadable(exchange, products.error());
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < products->size(); ++i) {
        if (i > 0) body += ',';
        append_product(body, (*products)[i]);
    }
    body += ']';
    const auto end = filter.offset + static_cast<std::int64_t>(page.rows.size());
    std::optional<std::int64_t> next;
    if (end < page.total && !page.rows.empty()) next = end;
    list.finish_page(body, next, page.total);
    exchange.reply(200, std::move(body));
}

void reply_product(Exchange& exchange, domain::ProductId id) {
    const auto found = exchange.services().queries.products(std::span(&id, 1));
    if (!found) return reply_unreadable(exchange, found.error());
    if (found->empty()) return exchange.problem(unknown_sku());
    std::string body;
    append_product(body, found->front());
    reply_with_etag(exchange, etag_of(found->front().version), std::move(body));
}

}  // namespace

void list_products(Exchange& exchange) {
    ListQuery list(exchange);
    engine::ProductFilter filter;
    filter.search = list.text("search", search_bytes_max).value_or("");
    if (auto category = list.text("category", domain::category_bytes_max)) filter.category = *category;
    filter.archived = list.flag("archived");
    list.read_page(ListQuery::Offset::allowed);
    if (list.refuse_if_wrong()) return;
    filter.limit = list.limit();
    filter.offset = list.position().value_or(list.offset());
    exchange.read([filter = std::move(filter), list](Exchange& reader) { reply_products(reader, filter, list); });
}

void create_product(Exchange& exchange) {
    JsonDocument document;
    JsonNode* const object = read_object(exchange, document);
    if (object == nullptr) return;
    Errors errors;
    Fields fields(*object, errors);
    domain::CreateProduct command;
    domain::Product& product = command.product;
    if (auto sku = fields.code("sku", domain::sku_bytes_max, Need::required)) product.sku = *sku;
    if (auto name = fields.text("name", domain::name_bytes_max, Need::required)) product.name = *name;
    product.category = read_clearable(fields, "category", domain::category_bytes_max).value_or("");
    product.barcode = read_clearable(fields, "barcode", domain::barcode_bytes_max).value_or("");
    product.unit_price = read_price(fields, errors).value_or(domain::Money{});
    product.attributes = read_attributes(fields).value_or("{}");
    product.reorder_point = fields.integer("reorder_point", 0, domain::quantity_max).value_or(0);
    read_opening_stock(fields, errors, command.opening_stock);
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return;
    std::string location = "/api/v1/products/";
    append_percent_encoded(location, product.sku);
    exchange.location(std::move(location));
    exchange.submit(std::move(command), &render_product<201>);
}

void get_product(Exchange& exchange) {
    const auto known = exchange.services().stock.product(exchange.path_parameter("sku"));
    if (!known) return exchange.problem(unknown_sku());
    exchange.read([id = known->id](Exchange& reader) { reply_product(reader, id); });
}

void update_product(Exchange& exchange) {
    const auto version = required_version(exchange);
    if (!version) return;
    JsonDocument document;
    JsonNode* const object = read_object(exchange, document);
    if (object == nullptr) return;
    Errors errors;
    if (object->count == 0) add_error(errors, "", "names no field to change");
    Fields fields(*object, errors);
    domain::UpdateProduct command;
    command.sku = exchange.path_parameter("sku");
    command.expected_version = *version;
    if (fields.take("name") != nullptr) {
        if (auto name = fields.text("name", domain::name_bytes_max, Need::required)) command.name = *name;
    }
    command.category = read_clearable(fields, "category", domain::category_bytes_max);
    command.barcode = read_clearable(fields, "barcode", domain::barcode_bytes_max);
    command.unit_price = read_price(fields, errors);
    command.attributes = read_attributes(fields);
    command.reorder_point = fields.integer("reorder_point", 0, domain::quantity_max);
    if (const auto archived = fields.boolean("archived")) {
        command.restores = !*archived;
        if (*archived) fields.fail("archived", "can only be false, which restores; DELETE archives");
    }
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return;
    exchange.submit(std::move(command), &render_product<200>);
}

void archive_product(Exchange& exchange) {
    const auto version = required_version(exchange);
    if (!version) return;
    domain::ArchiveProduct command;
    command.sku = exchange.path_parameter("sku");
    command.expected_version = *version;
    exchange.submit(std::move(command), &render_archived);
}

void list_categories(Exchange& exchange) {
    std::string body = "{\"items\":[";
    bool first = true;
    for (const auto& category : exchange.services().stock.categories()) {
        if (!std::exchange(first, false)) body += ',';
        append_json_string(body, category);
    }
    body += "],\"next_cursor\":null}";
    exchange.reply(200, std::move(body));
}

void list_locations(Exchange& exchange) {
    ListQuery list(exchange);
    list.read_page(ListQuery::Offset::allowed);
    if (list.refuse_if_wrong()) return;
    const auto locations = exchange.services().stock.locations();
    const auto total = static_cast<std::int64_t>(locations.size());
    const auto begin = std::min(list.position().value_or(list.offset()), total);
    const auto end = std::min(begin + list.limit(), total);
    std::string body = "{\"items\":[";
    for (std::int64_t i = begin; i < end; ++i) {
        if (i > begin) body += ',';
        append_location(body, locations[static_cast<std::size_t>(i)]);
    }
    body += ']';
    list.finish_page(body, end < total ? std::optional(end) : std::nullopt, total);
    exchange.reply(200, std::move(body));
}

void create_location(Exchange& exchange) {
    JsonDocument document;
    JsonNode* const object = read_object(exchange, document);
    if (object == nullptr) return;
    Errors errors;
    Fields fields(*object, errors);
    domain::CreateLocation command;
    if (auto code = fields.code("code", domain::location_code_bytes_max, Need::required)) command.code = *code;
    if (auto name = fields.text("name", domain::name_bytes_max, Need::required)) command.name = *name;
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return;
    exchange.submit(std::move(command), &render_location);
}

}  // namespace onhand::http
