#include "engine/search_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/ensure.hpp"
#include "base/sort_unique.hpp"
#include "base/text.hpp"

namespace onhand::engine {

namespace {

unsigned char fold(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte | 0x20) : byte;
}

bool is_letter_or_digit(unsigned char folded) {
    return (folded >= 'a' && folded <= 'z') || (folded >= '0' && folded <= '9');
}

// Sixteen bytes at once; the compiler has instructions for that on every machine we know.
using Bytes = unsigned char __attribute__((vector_size(16)));

Bytes load_folded(const char* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    const Bytes is_upper = (bytes - static_cast<unsigned char>('A')) < static_cast<unsigned char>(26);
    return bytes | (is_upper & static_cast<unsigned char>(0x20));
}

bool equals_folded(const char* text, std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i)
        if (fold(text[i]) != static_cast<unsigned char>(word[i])) return false;
    return true;
}

// True when the word begins at one of the sixteen places from `text` on. The word's last byte lies within the text at
// each of them.
bool begins_within(const char* text, std::string_view word) {
    const Bytes first = load_folded(text) == static_cast<unsigned char>(word.front());
    const Bytes last = load_folded(text + word.size() - 1) == static_cast<unsigned char>(word.back());
    const Bytes both = first & last;
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), &both, sizeof halves);
    if ((halves[0] | halves[1]) == 0) return false;
    for (std::size_t i = 0; i < sizeof(Bytes); ++i)
        if (both[i] != 0 && equals_folded(text + i, word)) return true;
    return false;
}

constexpr std::size_t own_letter_rows = 36;  // 26 letters and 10 digits; other bytes share the rest

}  // namespace

std::size_t count_bits(const Bits& bits) {
    std::size_t count = 0;
    for (const auto word : bits) count += static_cast<std::size_t>(std::popcount(word));
    return count;
}

std::vector<std::string> words_of(std::string_view search) {
    std::vector<std::string> words;
    const std::string folded = fold_case(search);
    std::size_t at = 0;
    while (at < folded.size()) {
        const auto end = std::min(folded.find(' ', at), folded.size());
        if (end > at) words.push_back(folded.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

bool has_word(std::string_view text, std::string_view word) {
    ensure(!word.empty(), "a word has letters");
    if (text.size() < word.size()) return false;
    const std::size_t places = text.size() - word.size() + 1;
    constexpr std::size_t width = sizeof(Bytes);
    if (places < width) {
        for (std::size_t at = 0; at < places; ++at)
            if (equals_folded(text.data() + at, word)) return true;
        return false;
    }
    for (std::size_t at = 0; at + width < places; at += width)
        if (begins_within(text.data() + at, word)) return true;
    return begins_within(text.data() + places - width, word);
}

std::size_t SearchIndex::letter_row(unsigned char folded) {
    if (folded >= 'a' && folded <= 'z') return static_cast<std::size_t>(folded - 'a');
    if (folded >= '0' && folded <= '9') return static_cast<std::size_t>(26 + folded - '0');
    return own_letter_rows + folded % (letter_rows - own_letter_rows);
}

std::size_t SearchIndex::pair_row(unsigned char first, unsigned char second) {
    const std::uint32_t pair = static_cast<std::uint32_t>(first) << 8 | second;
    return letter_rows + (pair * 0x9E3779B1U >> 16) % pair_rows;
}

void SearchIndex::put(std::uint32_t entry, std::string_view text) {
    ensure(entry <= size_, "entries have no holes");
    if (entry == blocks_.size() * block_entries) blocks_.push_back(std::make_unique<Block>());
    auto& rows = blocks_[entry / block_entries]->rows;
    const auto word = entry % block_entries / 64;
    const auto bit = std::uint64_t{1} << entry % 64;
    if (entry < size_)
        for (auto& row : rows) row[word] &= ~bit;
    else
        ++size_;
    unsigned char before = 0;
    for (const char c : text) {
        const auto byte = fold(c);
        if (byte != 0) rows[letter_row(byte)][word] |= bit;
        if (byte != 0 && before != 0) rows[pair_row(before, byte)][word] |= bit;
        before = byte;
    }
}

std::vector<std::size_t> SearchIndex::rows_of(const std::vector<std::string>& words) {
    std::vector<std::size_t> rows;
    for (const auto& word : words) {
        if (word.size() == 1) rows.push_back(letter_row(static_cast<unsigned char>(word.front())));
        for (std::size_t i = 1; i < word.size(); ++i)
            rows.push_back(pair_row(static_cast<unsigned char>(word[i - 1]), static_cast<unsigned char>(word[i])));
    }
    sort_unique(rows);
    return rows;
}

Bits SearchIndex::candidates(const std::vector<std::string>& words) const {
    Bits found((size_ + 63) / 64, 0);
    const auto rows = rows_of(words);
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        std::array<std::uint64_t, block_words> all;
        all.fill(~std::uint64_t{0});
        for (const auto row : rows)
            for (std::size_t i = 0; i < block_words; ++i) all[i] &= blocks_[block]->rows[row][i];
        const auto at = block * block_words;
        std::copy_n(all.begin(), std::min(block_words, found.size() - at),
                    found.begin() + static_cast<std::ptrdiff_t>(at));
    }
    // Only without words there are bits behind the last entry.
    if (size_ % 64 != 0) found.back() &= ~std::uint64_t{0} >> (64 - size_ % 64);
    return found;
}

bool SearchIndex::is_exact(const std::vector<std::string>& words) {
    return std::ranges::all_of(words, [](const auto& word) {
        return word.size() == 1 && is_letter_or_digit(static_cast<unsigned char>(word.front()));
    });
}

}  // namespace onhand::engine
