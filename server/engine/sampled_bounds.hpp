#pragma once
// Narrows a page of a table that is sorted by a number which is not kept in order: from a sample of the numbers it is
// guessed between which two of them the page lies, so that only the rows between have to be gathered and sorted. A
// guess may be wrong; who uses it counts. Pure; any thread.

#include <cstdint>
#include <limits>
#include <span>

namespace onhand::engine {

// Numbers from `low` to `high`, both inclusive; all of them by default.
struct KeyBounds {
    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

// The place in [0, size) of the i-th row of a sample. Any run of them is spread evenly, whatever `size` is: they go on
// by the golden ratio (Weyl's equidistribution). Requires 0 < size < 2^32.
std::size_t sampled_place(std::size_t i, std::size_t size);

// Bounds between which the rows of rank [first, last) of `total` lie, with some thousandths of doubt, judged by the
// numbers of some of them. Reorders `sample`. Everything when the sample is too small to tell. Requires first < last <=
// total.
KeyBounds guess_bounds(std::span<std::int64_t> sample, std::size_t total, std::size_t first, std::size_t last);

}  // namespace onhand::engine
