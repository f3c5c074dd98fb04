#include "storage/sqlite/blob_codec.hpp"

#include <string_view>

namespace onhand::storage::sqlite {

namespace {

void append_signed(Bytes& out, std::int64_t value) {
    append_number(out, static_cast<std::uint64_t>(value));
}

void append_text(Bytes& out, std::string_view text) {
    append_number(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
}

void append_progress(Bytes& out, const std::vector<domain::OrderLine>& lines) {
    out.push_back(blob_format);
    append_number(out, lines.size());
    for (const auto& line : lines) {
        append_signed(out, line.fulfilled);
        append_signed(out, line.cancelled);
        append_signed(out, line.returned);
    }
}

bool has_format(ByteReader& reader) {
    return reader.byte() == blob_format && reader.ok();
}

bool is_whole(const ByteReader& reader) {
    return reader.ok() && reader.at_end();
}

}  // namespace

void append_number(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

std::uint8_t ByteReader::byte() {
    if (rest_.empty()) ok_ = false;
    if (!ok_) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
}

std::uint64_t ByteReader::number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const std::uint8_t part = byte();
        if (!ok_) return 0;
        // The tenth byte has room for one bit only.
        if (shift == 63 && part > 1) break;
        value |= static_cast<std::uint64_t>(part & 0x7f) << shift;
        if ((part & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
}

std::string ByteReader::text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    std::string value(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return value;
}

void encode_lines(Bytes& out, const std::vector<domain::OrderLine>& lines) {
    out.clear();
    out.push_back(blob_format);
    append_number(out, lines.size());
    for (const auto& line : lines) {
        append_signed(out, domain::raw(line.level.product));
        append_signed(out, domain::raw(line.level.location));
        append_signed(out, line.quantity);
    }
}

bool decode_lines(ByteView blob, std::vector<domain::OrderLine>& lines) {
    ByteReader reader(blob);
    if (!has_format(reader)) return false;
    const std::uint64_t count = reader.number();
    if (!reader.ok() || count > domain::order_lines_max) return false;
    lines.clear();
    lines.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        domain::OrderLine& line = lines.emplace_back();
        line.level.product = domain::ProductId{reader.signed_number()};
        line.level.location = domain::LocationId{reader.signed_number()};
        line.quantity = reader.signed_number();
        if (!reader.ok() || line.quantity < 1 || line.quantity > domain::order_line_quantity_max) return false;
    }
    return is_whole(reader);
}

void encode_progress(Bytes& out, const std::vector<domain::OrderLine>& lines) {
    out.clear();
    append_progress(out, lines);
}

bool decode_progress(ByteView blob, std::vector<domain::OrderLine>& lines) {
    ByteReader reader(blob);
    if (!has_format(reader) || reader.number() != lines.size() || !reader.ok()) return false;
    for (auto& line : lines) {
        line.fulfilled = reader.signed_number();
        line.cancelled = reader.signed_number();
        line.returned = reader.signed_number();
        const bool in_range = domain::is_quantity(line.fulfilled) && domain::is_quantity(line.cancelled) &&
                              domain::is_quantity(line.returned);
        if (!reader.ok() || !in_range || line.allocated() < 0) return false;
    }
    return is_whole(reader);
}

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
