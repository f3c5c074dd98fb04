#pragma once
// Sorts and drops what is there twice, in place. Any thread.

#include <algorithm>

namespace onhand {

template <class Values>
void sort_unique(Values& values) {
    std::ranges::sort(values);
    const auto repeats = std::ranges::unique(values);
    values.erase(repeats.begin(), repeats.end());
}

}  // namespace onhand
