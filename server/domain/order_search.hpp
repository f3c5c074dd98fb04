#pragma once
// How the search of the order list reads text: words are runs of letters and digits (ASCII) and of bytes above 0x7f,
// with ASCII capitals folded. A search matches an order when each of its words begins a word of the order's reference
// or customer; a search that is one number also matches the order of that number, and an id the order of that id.
// Pure functions, any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"

namespace onhand::domain {

// Words longer than this are cut, on both sides.
inline constexpr std::size_t word_bytes_max = 64;

// The words of `text`, folded, in order; duplicates stay.
std::vector<std::string> words_of(std::string_view text);

// The distinct words of an order's reference and customer, sorted.
std::vector<std::string> words_of(std::string_view reference, std::string_view customer);

struct OrderSearch {
    std::vector<std::string> words;      // all must match; none and no id = nothing matches
    std::optional<std::int64_t> number;  // matches besides the words
    std::optional<Uuid> id;              // then only the id counts
};

// nullopt for an empty search, which matches every order.
std::optional<OrderSearch> parse_search(std::string_view text);

bool matches(const OrderSearch& search, const domain::Order& order);

}  // namespace onhand::domain
