#pragma once
// Tells for nearly every idempotency key that a run does not hold it, without reading the run: a Bloom filter in blocks
// of one cache line, about 0.6 % of unknown keys pass. Filled by one thread, then only read, by any thread. Knows the
// first 8 bytes of a key only, which are a hash already.

#include <array>
#include <cstdint>
#include <vector>

namespace onhand::storage::sqlite {

class KeyFilter {
  public:
    static constexpr std::size_t bits_per_key = 12;

    // One line of 512 bits; a key sets one bit in each of its words.
    using Line = std::array<std::uint64_t, 8>;

    KeyFilter() = default;
    // For at most `keys` keys.
    explicit KeyFilter(std::uint64_t keys) : lines_(keys == 0 ? 0 : keys * bits_per_key / 512 + 1) {}
    explicit KeyFilter(std::vector<Line> lines) : lines_(std::move(lines)) {}

    void add(std::uint64_t mark) {
        Line& line = lines_[line_of(mark)];
        std::uint64_t bits = mark * spread;
        for (auto& word : line) {
            word |= std::uint64_t{1} << (bits >> 58);
            bits = bits * spread + 1;
        }
    }
    bool may_hold(std::uint64_t mark) const {
        if (lines_.empty()) return false;
        const Line& line = lines_[line_of(mark)];
        std::uint64_t bits = mark * spread;
        for (const auto word : line) {
            if ((word >> (bits >> 58) & 1) == 0) return false;
            bits = bits * spread + 1;
        }
        return true;
    }
    // Begins to bring the line of `mark` into the cache.
    void prefetch(std::uint64_t mark) const {
        if (!lines_.empty()) __builtin_prefetch(&lines_[line_of(mark)]);
    }

    const std::vector<Line>& lines() const { return lines_; }

  private:
    static constexpr std::uint64_t spread = 0x9E3779B97F4A7C15ULL;
    std::size_t line_of(std::uint64_t mark) const {
        return static_cast<std::size_t>(static_cast<unsigned __int128>(mark) * lines_.size() >> 64);
    }
    std::vector<Line> lines_;
};

}  // namespace onhand::storage::sqlite
