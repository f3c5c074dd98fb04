#include "bus/redis/slot.hpp"

#include <array>

namespace onhand::bus::redis {
namespace {

// CRC-16/XMODEM, as the specification of Redis Cluster names it.
constexpr std::array<std::uint16_t, 256> make_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned byte = 0; byte < table.size(); ++byte) {
        unsigned crc = byte << 8U;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
        table[byte] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

constexpr auto crc_table = make_table();

}  // namespace

std::uint16_t slot_of(std::string_view key) {
    const auto open = key.find('{');
    if (open != std::string_view::npos) {
        const auto end = key.find('}', open + 1);
        if (end != std::string_view::npos && end > open + 1) key = key.substr(open + 1, end - open - 1);
    }
    unsigned crc = 0;
    for (const char letter : key) {
        crc = ((crc << 8U) ^ crc_table[((crc >> 8U) ^ static_cast<unsigned char>(letter)) & 0xffU]) & 0xffffU;
    }
    return static_cast<std::uint16_t>(crc % slot_count);
}

}  // namespace onhand::bus::redis
