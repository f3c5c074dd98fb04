#pragma once
// Which products a command is about, for locking. Internal to the engine; any thread. Commands that change many
// products at once (imports), or whose products only the database knows (a change of an order), name none: the rows
// alone keep them right, and a lock would only be for speed.

#include <string_view>
#include <vector>

#include "domain/commands.hpp"

namespace onhand::engine {

// True when `holds` is true for every product of the command.
template <class Predicate>
bool every_locked_product(const domain::Command& command, const Predicate& holds) {
    if (const auto* order = std::get_if<domain::PlaceOrder>(&command)) {
        for (const auto& line : order->lines)
            if (!holds(std::string_view(line.sku))) return false;
        return true;
    }
    if (const auto* adjustment = std::get_if<domain::AdjustStock>(&command)) return holds(adjustment->sku);
    return true;
}

// Appends the SKUs, one that is the last already not again: a hot product fills whole queues. Views into the command.
inline void append_locked_products(const domain::Command& command, std::vector<std::string_view>& skus) {
    every_locked_product(command, [&skus](std::string_view sku) {
        if (skus.empty() || skus.back() != sku) skus.push_back(sku);
        return true;
    });
}

// A lane of `lanes` for a command, so that a product's orders meet in one of them.
inline std::size_t lane_of(const domain::Command& command, std::size_t lanes) {
    if (lanes == 1) return 0;
    std::size_t hash = 0;
    if (const auto* order = std::get_if<domain::PlaceOrder>(&command); order != nullptr && !order->lines.empty())
        hash = std::hash<std::string_view>{}(order->lines.front().sku);
    else if (const auto* adjustment = std::get_if<domain::AdjustStock>(&command))
        hash = std::hash<std::string_view>{}(adjustment->sku);
    return hash % lanes;
}

}  // namespace onhand::engine
