#include "transport/http/list_query.hpp"

#include <array>
#include <cstring>
#include <utility>

#include <sodium.h>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "domain/views.hpp"

namespace onhand::http {

namespace {

constexpr std::size_t cursor_bytes = 16;  // position and check sum, 8 bytes each
constexpr std::size_t cursor_characters = 22;

std::uint64_t check_sum(std::uint64_t position, std::string_view scope) {
    std::uint64_t sum = 0xCBF29CE484222325ULL ^ position;
    for (int round = 0; round < 2; ++round) {
        for (const char c : scope) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
        sum = (sum ^ sum >> 32) * 0xD6E8FEB86659FD93ULL;
    }
    return sum;
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

std::string encode_cursor(std::int64_t position, std::string_view scope) {
    const auto value = static_cast<std::uint64_t>(position);
    const std::array<std::uint64_t, 2> words{value, check_sum(value, scope)};
    std::array<unsigned char, cursor_bytes> bytes;
    std::memcpy(bytes.data(), words.data(), bytes.size());
    std::array<char, cursor_characters + 1> text;
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return {text.data(), cursor_characters};
}

std::optional<std::int64_t> decode_cursor(std::string_view cursor, std::string_view scope) {
    std::array<unsigned char, cursor_bytes> bytes;
    std::size_t size = 0;
    const int failed = sodium_base642bin(bytes.data(), bytes.size(), cursor.data(), cursor.size(), nullptr, &size,
                                         nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (failed != 0 || size != bytes.size() || cursor.size() != cursor_characters) return std::nullopt;
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), bytes.data(), bytes.size());
    const auto position = static_cast<std::int64_t>(words[0]);
    if (position < 0 || words[1] != check_sum(words[0], scope)) return std::nullopt;
    return position;
}

std::optional<std::string_view> ListQuery::text(std::string_view name, std::size_t bytes_max) {
    const auto value = exchange_.query(name);
    if (!value || value->empty()) return std::nullopt;
    if (value->size() > bytes_max) {
        fail(name, "may have at most " + std::to_string(bytes_max) + " bytes");
        return std::nullopt;
    }
    if (!is_utf8(*value) || !is_printable(*value)) {
        fail(name, "must be UTF-8 without control characters");
        return std::nullopt;
    }
    filter_ += name;
    filter_ += '=';
    append_percent_encoded(filter_, *value);
    filter_ += '&';
    return value;
}

std::optional<std::int64_t> ListQuery::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto number = bounded(name, least, most);
    if (number) filter_ += std::string(name) + '=' + std::to_string(*number) + '&';
    return number;
}

std::optional<std::int64_t> ListQuery::bounded(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto value = exchange_.query(name);
    if (!value) return std::nullopt;
    const auto number = parse_int(*value);
    if (number && *number >= least && *number <= most) return number;
    fail(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

bool ListQuery::flag(std::string_view name) {
    const auto value = text(name, 5);
    if (value && *value != "true" && *value != "false") fail(name, "must be true or false");
    return value == "true";
}

void ListQuery::fail(std::string_view name, std::string detail) {
    add_error(errors_, std::string(name), std::move(detail));
}

void ListQuery::read_page(Offset offset) {
    limit_ = bounded("limit", 1, domain::page_limit_max).value_or(domain::page_limit_default);
    const auto cursor = exchange_.query("cursor");
    if (offset == Offset::allowed) {
        offset_ = bounded("offset", 0, domain::page_offset_max).value_or(0);
        if (cursor && exchange_.query("offset")) fail("cursor", "goes without an offset");
    }
    if (!cursor) return;
    position_ = decode_cursor(*cursor, scope());
    if (!position_) fail("cursor", "was not given by this list with this filter");
}

bool ListQuery::refuse_if_wrong() {
    if (errors_.empty()) return false;
    exchange_.problem(invalid_request(std::move(errors_)));
    return true;
}

void ListQuery::finish_page(std::string& out, std::optional<std::int64_t> next, std::optional<std::int64_t> total) {
    out += ",\"next_cursor\":";
    if (next) {
        const std::string cursor = encode_cursor(*next, scope());
        append_json_string(out, cursor);
        exchange_.add_header("Link", "<" + std::string(exchange_.path()) + "?" + filter_ +
                                         "limit=" + std::to_string(limit_) + "&cursor=" + cursor + ">; rel=\"next\"");
    } else {
        out += "null";
    }
    if (total) {
        out += ",\"total\":";
        append_int(out, *total);
    }
    out += '}';
}

std::string ListQuery::scope() const {
    return std::string(exchange_.path()) + "?" + filter_;
}

}  // namespace onhand::http
