#include "storage/sqlite/blob_codec.hpp"

#include <string_view>

namespace onhand::storage::sqlite {

namespace {

bool has_format(ByteReader& reader) {
    return reader.byte() == blob_format && reader.ok();
}

bool is_whole(const ByteReader& reader) {
    return reader.ok() && reader.at_end();
}

}  // namespace

void encode_order_state(Bytes& out, const domain::Order& order) {
    out.clear();
    out.push_back(blob_format);
    out.push_back(static_cast<std::uint8_t>(order.status));
    append_signed(out, order.version);
    append_signed(out, order.updated_at);
    append_progress(out, order.lines);
}

bool decode_order_state(ByteView blob, domain::Order& order) {
    ByteReader reader(blob);
    if (!has_format(reader)) return false;
    const std::uint8_t status = reader.byte();
    if (status > static_cast<std::uint8_t>(domain::OrderStatus::returned)) return false;
    order.status = static_cast<domain::OrderStatus>(status);
    order.version = reader.signed_number();
    order.updated_at = reader.signed_number();
    return reader.ok() && decode_progress(reader.rest(), order.lines);
}

void encode_product(Bytes& out, const domain::Product& product) {
    out.clear();
    out.push_back(blob_format);
    append_signed(out, domain::raw(product.id));
    for (const std::string* text : {&product.sku, &product.name, &product.category, &product.barcode,
                                    &product.unit_price.amount, &product.unit_price.currency, &product.attributes})
        append_text(out, *text);
    append_signed(out, product.reorder_point);
    out.push_back(product.archived ? 1 : 0);
    append_signed(out, product.version);
    append_signed(out, product.created_at);
    append_signed(out, product.updated_at);
}

bool decode_product(ByteView blob, domain::Product& product) {
    ByteReader reader(blob);
    if (!has_format(reader)) return false;
    product.id = domain::ProductId{reader.signed_number()};
    for (std::string* text : {&product.sku, &product.name, &product.category, &product.barcode,
                              &product.unit_price.amount, &product.unit_price.currency, &product.attributes})
        *text = reader.text();
    product.reorder_point = reader.signed_number();
    const std::uint8_t archived = reader.byte();
    product.archived = archived == 1;
    product.version = reader.signed_number();
    product.created_at = reader.signed_number();
    product.updated_at = reader.signed_number();
    return is_whole(reader) && archived <= 1;
}

void encode_location(Bytes& out, const domain::Location& location) {
    out.clear();
    out.push_back(blob_format);
    append_signed(out, domain::raw(location.id));
    append_text(out, location.code);
    append_text(out, location.name);
    append_signed(out, location.version);
    append_signed(out, location.created_at);
}

bool decode_location(ByteView blob, domain::Location& location) {
    ByteReader reader(blob);
    if (!has_format(reader)) return false;
    location.id = domain::LocationId{reader.signed_number()};
    location.code = reader.text();
    location.name = reader.text();
    location.version = reader.signed_number();
    location.created_at = reader.signed_number();
    return is_whole(reader);
}

void append_posting(Bytes& out, std::int64_t previous, std::int64_t next) {
    append_number(out, static_cast<std::uint64_t>(next - previous));
}

bool decode_postings(ByteView blob, std::int64_t base, std::vector<std::int64_t>& out) {
    ByteReader reader(blob);
    std::int64_t current = base;
    while (!reader.at_end()) {
        const std::uint64_t step = reader.number();
        if (!reader.ok() || step > static_cast<std::uint64_t>(INT64_MAX - current)) return false;
        current += static_cast<std::int64_t>(step);
        out.push_back(current);
    }
    return true;
}

}  // namespace onhand::storage::sqlite
