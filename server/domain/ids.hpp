#pragma once
// Internal ids of rows. They never leave the process: clients see SKUs, location codes and UUIDs. Strong types, so
// that a product id cannot be passed for a location id. 0 means "none". Drawn from Sequences (working_set.hpp).

#include <cstddef>
#include <cstdint>
#include <functional>

namespace onhand::domain {

enum class ProductId : std::int64_t {};
enum class LocationId : std::int64_t {};
enum class AccountId : std::int64_t {};

// Position in the feed: 1, 2, 3 … without gaps. 0 is "before the first change".
using FeedSeq = std::int64_t;

template <class Id>
constexpr std::int64_t raw(Id id) {
    return static_cast<std::int64_t>(id);
}

// The location that exists from the start and serves orders that name none.
inline constexpr LocationId main_location{1};
inline constexpr const char* main_location_code = "MAIN";

// One stock level: a product at a location.
struct LevelKey {
    ProductId product{};
    LocationId location{};
    auto operator<=>(const LevelKey&) const = default;
};

}  // namespace onhand::domain

template <>
struct std::hash<onhand::domain::LevelKey> {
    std::size_t operator()(const onhand::domain::LevelKey& key) const noexcept {
        const auto mixed = static_cast<std::uint64_t>(onhand::domain::raw(key.product)) * 0x9E3779B97F4A7C15ULL ^
                           static_cast<std::uint64_t>(onhand::domain::raw(key.location)) * 0xC2B2AE3D27D4EB4FULL;
        return static_cast<std::size_t>(mixed ^ mixed >> 32);
    }
};
