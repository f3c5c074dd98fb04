// Bytes to and from hexadecimal digits, for tests that hold recorded messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace onhand::socketio {

// Needs an even number of lower-case digits.
inline std::string from_hex(std::string_view hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return bytes;
}

inline std::string to_hex_text(std::string_view bytes) {
    return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace onhand::socketio
