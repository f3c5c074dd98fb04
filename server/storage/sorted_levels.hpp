#pragma once
// The levels that a batch changed, in the order of their keys: the order of the table, in which both stores write them
// and every transaction of the shared one locks them. Used by the batch writers; any thread.

#include <algorithm>
#include <vector>

#include "domain/changes.hpp"

namespace onhand::storage {

// Points into `changes`, which must outlive it.
inline std::vector<const domain::StockLevel*> sorted_levels(const domain::Changes& changes) {
    std::vector<const domain::StockLevel*> levels;
    levels.reserve(changes.levels.size());
    for (const auto& [key, level] : changes.levels) levels.push_back(&level);
    std::ranges::sort(levels, {}, &domain::StockLevel::key);
    return levels;
}

}  // namespace onhand::storage
