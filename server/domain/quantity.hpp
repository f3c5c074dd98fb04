#pragma once
// Quantities of stock: whole units, with the bounds of the contract and sums that cannot overflow. Pure, any thread.

#include <cstddef>
#include <cstdint>
#include <optional>

namespace onhand::domain {

// Whole units. A stored quantity is 0 to quantity_max; a delta may be negative.
using Quantity = std::int64_t;

inline constexpr Quantity quantity_max = 1'000'000'000'000;
inline constexpr Quantity order_line_quantity_max = 1'000'000;
inline constexpr std::size_t order_lines_max = 200;

constexpr bool is_quantity(Quantity value) {
    return value >= 0 && value <= quantity_max;
}

// a + b when the sum is a valid quantity (0 to quantity_max), else nullopt. Any a and b.
constexpr std::optional<Quantity> add(Quantity a, Quantity b) {
    Quantity sum = 0;
    if (__builtin_add_overflow(a, b, &sum) || !is_quantity(sum)) return std::nullopt;
    return sum;
}

}  // namespace onhand::domain
