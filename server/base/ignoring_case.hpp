#pragma once
// Compares without regard to case what protocols compare so: names of fields, schemes, hosts. ASCII only, nothing is
// copied. Any thread.

#include <algorithm>
#include <string_view>

namespace onhand {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace onhand
