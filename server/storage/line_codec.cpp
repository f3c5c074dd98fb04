#include "storage/line_codec.hpp"

namespace onhand::storage {

namespace {

bool has_format(ByteReader& reader) {
    return reader.byte() == blob_format && reader.ok();
}

bool is_whole(const ByteReader& reader) {
    return reader.ok() && reader.at_end();
}

void append_lines(Bytes& out, const std::vector<domain::OrderLine>& lines, bool named) {
    out.clear();
    out.push_back(blob_format);
    append_number(out, lines.size());
    for (const auto& line : lines) {
        append_signed(out, domain::raw(line.level.product));
        append_signed(out, domain::raw(line.level.location));
        append_signed(out, line.quantity);
        if (!named) continue;
        append_text(out, line.sku);
        append_text(out, line.location);
    }
}

bool read_lines(ByteView blob, std::vector<domain::OrderLine>& lines, bool named) {
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
        if (!named) continue;
        line.sku = reader.text();
        line.location = reader.text();
    }
    return is_whole(reader);
}

}  // namespace

void append_number(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_signed(Bytes& out, std::int64_t value) {
    append_number(out, static_cast<std::uint64_t>(value));
}

void append_text(Bytes& out, std::string_view text) {
    append_number(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
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

bool ByteReader::skip(std::size_t size) {
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return false;
    rest_ = rest_.subspan(size);
    return true;
}

void encode_lines(Bytes& out, const std::vector<domain::OrderLine>& lines) {
    append_lines(out, lines, /*named=*/false);
}

bool decode_lines(ByteView blob, std::vector<domain::OrderLine>& lines) {
    return read_lines(blob, lines, /*named=*/false);
}

void encode_named_lines(Bytes& out, const std::vector<domain::OrderLine>& lines) {
    append_lines(out, lines, /*named=*/true);
}

bool decode_named_lines(ByteView blob, std::vector<domain::OrderLine>& lines) {
    return read_lines(blob, lines, /*named=*/true);
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
        if (!reader.ok() || !in_range || line.allocated() < 0 || line.returned > line.fulfilled) return false;
    }
    return is_whole(reader);
}

}  // namespace onhand::storage
