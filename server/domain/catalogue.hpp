#pragma once
// Products and locations as stored. Plain values.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/quantity.hpp"

namespace onhand::domain {

// Bounds of catalogue texts, in bytes of UTF-8.
inline constexpr std::size_t sku_bytes_max = 64;
inline constexpr std::size_t name_bytes_max = 256;
inline constexpr std::size_t category_bytes_max = 128;
inline constexpr std::size_t barcode_bytes_max = 64;
inline constexpr std::size_t location_code_bytes_max = 32;
inline constexpr std::size_t attributes_bytes_max = 8192;

// A price as a decimal string, kept as written ("12.50"), and an ISO 4217 code. Both empty when there is no price.
struct Money {
    std::string amount;
    std::string currency;
    bool operator==(const Money&) const = default;
};

// True for "0", "12", "12.5", "0.0001": up to 12 digits, at most 4 decimals, no sign, no leading zero.
bool is_amount(std::string_view text);
// True for three capital letters.
bool is_currency(std::string_view text);
// SKUs and location codes: 1 to `bytes_max` bytes of printable UTF-8 without leading or trailing space, and without
// invisible or direction-changing characters. Compared byte for byte: "a" and "A" are two SKUs.
bool is_code(std::string_view text, std::size_t bytes_max);

struct Product {
    ProductId id{};
    std::string sku;  // unique, never changes
    std::string name;
    std::string category;
    std::string barcode;
    Money unit_price;
    std::string attributes = "{}";  // a JSON object as text; the engine does not look inside
    Quantity reorder_point = 0;     // a level with available at or below it is "low"
    bool archived = false;
    std::int64_t version = 1;
    UnixMillis created_at = 0;
    UnixMillis updated_at = 0;
    bool operator==(const Product&) const = default;
};

struct Location {
    LocationId id{};
    std::string code;  // unique, never changes
    std::string name;
    std::int64_t version = 1;
    UnixMillis created_at = 0;
};

}  // namespace onhand::domain
