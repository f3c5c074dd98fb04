#include "engine/page_pick.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/ensure.hpp"

namespace onhand::engine {

namespace {

using Keys = std::span<const std::int64_t>;

constexpr int bucket_bits = 11;
constexpr std::size_t bucket_count = std::size_t{1} << bucket_bits;
// A range with fewer keys than this is sorted rather than counted once more.
constexpr std::size_t few = 4096;

// A range of keys that holds the element of some rank.
struct Range {
    std::int64_t low = 0;
    std::int64_t high = 0;   // inclusive
    std::size_t before = 0;  // keys below `low`
    std::size_t count = 0;   // keys in the range

    bool is_narrow() const { return low == high || count <= few; }
    bool operator==(const Range&) const = default;
};

// How many keys lie in each of the equal parts of a range.
class Histogram {
  public:
    Histogram(Keys keys, const Range& range) : range_(range) {
        const auto width = static_cast<std::uint64_t>(range.high) - static_cast<std::uint64_t>(range.low);
        shift_ = std::max(0, static_cast<int>(std::bit_width(width)) - bucket_bits);
        for (const auto key : keys) {
            // Below the range wraps around and is then far above it.
            const auto distance = static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(range.low);
            if (distance <= width) ++counts_[distance >> shift_];
        }
    }

    // The part that holds the element of this rank, which lies in the range.
    Range part_of(std::size_t rank) const {
        Range part;
        part.before = range_.before;
        std::size_t bucket = 0;
        while (part.before + counts_[bucket] <= rank) part.before += counts_[bucket++];
        ensure(bucket < bucket_count, "a rank lies in the range it was looked for in");
        part.count = counts_[bucket];
        const auto low = static_cast<std::uint64_t>(range_.low) + (std::uint64_t{bucket} << shift_);
        const auto high = low + ((std::uint64_t{1} << shift_) - 1);
        part.low = static_cast<std::int64_t>(low);
        part.high = std::min(range_.high, static_cast<std::int64_t>(high));
        return part;
    }

  private:
    Range range_;
    int shift_ = 0;
    std::array<std::uint32_t, bucket_count + 1> counts_{};
};

struct Ends {
    Range first;
    Range last;
};

// Narrow ranges that hold the first and the last element of the page.
Ends find_ends(Keys keys, std::size_t first, std::size_t last) {
    const auto [least, most] = std::ranges::minmax(keys);
    const Range all{least, most, 0, keys.size()};
    Ends ends{all, all};
    while (!ends.first.is_narrow() || !ends.last.is_narrow()) {
        if (ends.first == ends.last) {
            const Histogram histogram(keys, ends.first);
            ends = {histogram.part_of(first), histogram.part_of(last)};
        } else if (!ends.first.is_narrow()) {
            ends.first = Histogram(keys, ends.first).part_of(first);
        } else {
            ends.last = Histogram(keys, ends.last).part_of(last);
        }
    }
    return ends;
}

}  // namespace

std::vector<std::uint32_t> pick_page(Keys keys, std::size_t first, std::size_t last) {
    ensure(first <= last && last <= keys.size(), "a page lies within the table");
    std::vector<std::uint32_t> page;
    if (first == last) return page;
    const auto ends = find_ends(keys, first, last - 1);
    // Equal keys in great number are counted off by position, so that only those of the page are gathered.
    const bool ties_first = ends.first.low == ends.first.high;
    const bool ties_last = ends.last.low == ends.last.high;
    std::size_t skip = ties_first ? first - ends.first.before : 0;
    std::size_t take = ties_last ? last - ends.last.before : 0;
    const bool all_equal = ties_first && ends.first == ends.last;
    const auto width = static_cast<std::uint64_t>(ends.last.high) - static_cast<std::uint64_t>(ends.first.low);
    for (std::size_t at = 0; at < keys.size(); ++at) {
        const auto key = keys[at];
        if (static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(ends.first.low) > width) continue;
        if (ties_last && key == ends.last.low) {
            if (take == 0) continue;
            --take;
        }
        if (ties_first && key == ends.first.low && skip > 0) {
            --skip;
            continue;
        }
        page.push_back(static_cast<std::uint32_t>(at));
        if (all_equal && take == 0) break;
    }
    std::ranges::stable_sort(page, {}, [&](std::uint32_t at) { return keys[at]; });
    const auto gathered_from = ties_first ? first : ends.first.before;
    page.erase(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(first - gathered_from));
    page.resize(last - first);
    return page;
}

}  // namespace onhand::engine
