#pragma once
// An order and its lines, with the arithmetic of their states. Plain values; pure, any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "domain/ids.hpp"
#include "domain/names.hpp"
#include "domain/quantity.hpp"

namespace onhand::domain {

inline constexpr std::size_t reference_bytes_max = 128;
inline constexpr std::size_t customer_bytes_max = 256;
inline constexpr std::size_t note_bytes_max = 1024;
inline constexpr std::int64_t first_order_number = 1001;

struct OrderLine {
    LevelKey level;
    std::string sku;
    std::string location;  // code
    Quantity quantity = 0;
    Quantity fulfilled = 0;
    Quantity cancelled = 0;
    Quantity returned = 0;
    // Still promised from stock.
    Quantity allocated() const { return quantity - fulfilled - cancelled; }
    bool operator==(const OrderLine&) const = default;
};

struct Order {
    Uuid id;
    std::int64_t number = 0;  // for people; rises by 1 from first_order_number
    OrderStatus status = OrderStatus::placed;
    std::vector<OrderLine> lines;  // one per SKU and location, in the order asked
    std::string reference;
    std::string customer;
    std::string note;
    AccountId placed_by{};
    UnixMillis placed_at = 0;
    UnixMillis updated_at = 0;
    std::int64_t version = 1;
    bool operator==(const Order&) const = default;
};

// The status that the lines amount to. With nothing open any more an order of which something was shipped is
// `fulfilled`, also when the rest was cancelled; `cancelled` is an order of which nothing was ever shipped.
OrderStatus status_of(const std::vector<OrderLine>& lines);

// The order as it was when it was placed: nothing fulfilled or cancelled, version 1. Used to give a repeated request
// its first answer.
Order as_placed(const Order& order);

}  // namespace onhand::domain
