#pragma once
// Narrows a search down: for each product it knows which letters and pairs of letters its text has, as one bit each in
// rows over all products, so that a search reads a few rows instead of all texts. Pairs share rows (about 50 bytes a
// product in all), so that what it answers is looked at again, text by text, with has_word(). Owned by the stock table;
// changed by one thread under the stock view's lock, asked by many.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::engine {

// One bit per row number, in words of 64. What is behind the last row is 0.
using Bits = std::vector<std::uint64_t>;

inline bool has_bit(const Bits& bits, std::size_t at) {
    return (bits[at / 64] >> at % 64 & 1) != 0;
}
inline void set_bit(Bits& bits, std::size_t at) {
    bits[at / 64] |= std::uint64_t{1} << at % 64;
}
inline void clear_bit(Bits& bits, std::size_t at) {
    bits[at / 64] &= ~(std::uint64_t{1} << at % 64);
}
std::size_t count_bits(const Bits& bits);

// Calls visit(at) for each set bit of one word, in order.
template <class Visit>
void each_bit(std::uint64_t word, const Visit& visit) {
    for (; word != 0; word &= word - 1) visit(static_cast<std::size_t>(std::countr_zero(word)));
}

// Calls visit(at) for each set bit, in order.
template <class Visit>
void each_bit(const Bits& bits, const Visit& visit) {
    for (std::size_t word = 0; word < bits.size(); ++word)
        each_bit(bits[word], [&](std::size_t at) { visit(word * 64 + at); });
}

// The words of a search, folded; every one must occur.
std::vector<std::string> words_of(std::string_view search);

// True when `text` has the word in any case of ASCII letters. `word` is folded and not empty.
bool has_word(std::string_view text, std::string_view word);

class SearchIndex {
  public:
    // Sets the text of entry `entry` (0, 1, 2 …, without holes; any case). U+0000 parts texts that are searched
    // each for itself.
    void put(std::uint32_t entry, std::string_view text);

    // The entries that may have all the words; none that has them is missing. Without words all entries.
    Bits candidates(const std::vector<std::string>& words) const;

    // True when candidates() of these words are exact: single letters and digits only.
    static bool is_exact(const std::vector<std::string>& words);

    std::size_t size() const { return size_; }

  private:
    static constexpr std::size_t letter_rows = 64;
    static constexpr std::size_t pair_rows = 320;
    static constexpr std::size_t row_count = letter_rows + pair_rows;
    static constexpr std::size_t block_entries = 512;
    static constexpr std::size_t block_words = block_entries / 64;
    // The rows of 512 entries lie together: setting up an entry touches one block only.
    struct Block {
        std::array<std::array<std::uint64_t, block_words>, row_count> rows{};
    };

    static std::size_t letter_row(unsigned char folded);
    static std::size_t pair_row(unsigned char first, unsigned char second);
    static std::vector<std::size_t> rows_of(const std::vector<std::string>& words);

    std::vector<std::unique_ptr<Block>> blocks_;
    std::size_t size_ = 0;
};

}  // namespace onhand::engine
