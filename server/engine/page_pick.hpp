#pragma once
// Picks one page out of a table sorted by a number that changes all the time: no order is kept for such a column, the
// page is found by counting. A few sweeps over the numbers, whatever the page: a million in two to three milliseconds.
// Pure; any thread.

#include <cstdint>
#include <span>
#include <vector>

namespace onhand::engine {

// The positions of the elements that would stand at [first, last) if `keys` were sorted ascending, equal keys by
// position. In that order. Requires 0 <= first <= last <= keys.size().
std::vector<std::uint32_t> pick_page(std::span<const std::int64_t> keys, std::size_t first, std::size_t last);

}  // namespace onhand::engine
