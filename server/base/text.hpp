#pragma once
// Small text routines that several rooms need: UTF-8 checks, JSON string escaping, hexadecimal. Pure, any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace onhand {

// True when `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// True when `text` holds no control character (below 0x20, 0x7f) — U+0000 above all, which PostgreSQL cannot store.
bool is_printable(std::string_view text);

// Appends `text` as a JSON string, quotes included. `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

// Appends a decimal integer.
void append_int(std::string& out, std::int64_t value);

// Lower-case hexadecimal, two characters a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

// Folds ASCII letters to lower case; other bytes stay. Enough for search, which is documented so.
std::string fold_case(std::string_view text);

// A whole decimal integer with an optional minus sign and nothing else, or nullopt.
std::optional<std::int64_t> parse_int(std::string_view text);

}  // namespace onhand
