#pragma once
// What the entries of a run are called. An entry has a name and a value, both bytes; entries are sorted by name.
//
//   known key   0, mark (8), place (6)                          no value
//   list part   kind (1 to 5), [slice (4) for words,] name, first feed number (6); value: see posting_part.hpp
//
// Numbers are big endian, so that they sort. The name of a list is an id (8 bytes) or a word and a zero byte, which no
// word contains. The lists of words are cut into slices of the feed, so that a search for a beginning of words that
// millions of orders have need not read more than its newest slices. Pure functions, any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace onhand::storage::sqlite {

// The lists of feed numbers. Values are stored.
enum class Posting : std::uint8_t {
    product_orders = 1,      // by product id
    product_movements = 2,   // by product id
    location_movements = 3,  // by location id
    word_orders = 4,         // by a word of reference or customer, in slices
    account_orders = 5,      // by the account that placed them
};

inline constexpr std::uint8_t known_key_kind = 0;
inline constexpr std::size_t number_bytes = 6;
// Feed numbers of one slice.
inline constexpr int slice_bits = 16;

inline std::int64_t slice_of(domain::FeedSeq seq) {
    return (seq - 1) >> slice_bits;
}

inline void append_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline std::uint64_t read_big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

inline std::string list_name(Posting kind, std::int64_t id) {
    std::string name(1, static_cast<char>(kind));
    append_big_endian(name, static_cast<std::uint64_t>(id), 8);
    return name;
}

// The beginning of the names of all lists of words that begin with `prefix`, in one slice.
inline std::string word_list_prefix(std::int64_t slice, std::string_view prefix) {
    std::string name(1, static_cast<char>(Posting::word_orders));
    append_big_endian(name, static_cast<std::uint64_t>(slice), 4);
    name += prefix;
    return name;
}

inline std::string word_list_name(std::int64_t slice, std::string_view word) {
    return word_list_prefix(slice, word) + '\0';
}

inline std::string with_number(std::string name, std::int64_t number) {
    append_big_endian(name, static_cast<std::uint64_t>(number), number_bytes);
    return name;
}

// The list that a part belongs to, and its first number.
inline std::string_view list_of(std::string_view entry) {
    return entry.substr(0, entry.size() - number_bytes);
}
inline domain::FeedSeq number_of(std::string_view entry) {
    return static_cast<domain::FeedSeq>(read_big_endian(entry.substr(entry.size() - number_bytes)));
}

inline std::string known_key_prefix(std::uint64_t mark) {
    std::string name(1, static_cast<char>(known_key_kind));
    append_big_endian(name, mark, 8);
    return name;
}

}  // namespace onhand::storage::sqlite
