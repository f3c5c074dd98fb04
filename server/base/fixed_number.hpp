#pragma once
// Numbers of 8 bytes, low ones first, in messages between instances. Pure, any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace onhand {

inline constexpr std::size_t fixed_number_bytes = 8;

inline void append_fixed_number(std::string& out, std::uint64_t value) {
    for (std::size_t byte = 0; byte < fixed_number_bytes; ++byte) out += static_cast<char>(value >> (8 * byte));
}

// The number whose first byte is `bytes[at]`; all of it must be there.
inline std::uint64_t fixed_number_at(std::string_view bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t byte = 0; byte < fixed_number_bytes; ++byte)
        value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at + byte])) << (8 * byte);
    return value;
}

}  // namespace onhand
