#pragma once
// Which of a Redis Cluster's slots a key belongs to: CRC16 of the key, or of what stands in its first braces. Pure.

#include <cstdint>
#include <string_view>

namespace onhand::bus::redis {

inline constexpr std::uint16_t slot_count = 16'384;

std::uint16_t slot_of(std::string_view key);

}  // namespace onhand::bus::redis
