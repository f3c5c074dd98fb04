#include "engine/search_index.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/ensure.hpp"

namespace onhand::engine {

void SearchIndex::put(std::uint32_t entry, std::string_view text) {
    ensure(entry <= begins_.size(), "entries have no holes");
    ensure(all_.size() + text.size() < UINT32_MAX, "the search texts stay below 4 GiB");
    if (entry == begins_.size())
        begins_.push_back(0);
    else
        dead_bytes_ += text_of(entry).size() + 1;
    begins_[entry] = static_cast<std::uint32_t>(all_.size());
    owners_.push_back(entry);
    places_.push_back(begins_[entry]);
    all_ += text;
    all_ += '\0';
    if (dead_bytes_ > 4096 && dead_bytes_ > all_.size() / 2) compact();
}

std::string_view SearchIndex::text_of(std::uint32_t entry) const {
    return all_.data() + begins_[entry];
}

// Writes the living texts anew, in the order of the entries.
void SearchIndex::compact() {
    std::string living;
    living.reserve(all_.size() - dead_bytes_);
    for (std::uint32_t entry = 0; entry < begins_.size(); ++entry) {
        const auto text = text_of(entry);
        const auto begin = static_cast<std::uint32_t>(living.size());
        living += text;
        living += '\0';
        begins_[entry] = begin;
    }
    all_ = std::move(living);
    places_ = begins_;
    owners_.resize(begins_.size());
    std::iota(owners_.begin(), owners_.end(), 0U);
    dead_bytes_ = 0;
}

// The piece that holds `offset`, at or behind `from`. Common words are found in every piece, rare ones far apart: so
// the steps double until the piece lies between the last two, and the rest is a binary search.
std::size_t SearchIndex::piece_at(std::uint32_t offset, std::size_t from) const {
    std::size_t step = 1;
    while (from + step < places_.size() && places_[from + step] <= offset) {
        from += step;
        step *= 2;
    }
    const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = places_.begin() + static_cast<std::ptrdiff_t>(std::min(from + step, places_.size()));
    return static_cast<std::size_t>(std::upper_bound(begin, end, offset) - places_.begin()) - 1;
}

std::vector<bool> SearchIndex::find(const std::vector<std::string>& words) const {
    std::vector<bool> found(begins_.size(), words.empty());
    if (words.empty()) return found;
    // The longest word is the rarest as a rule: it leads, the others are looked for where it was found.
    const auto& lead =
        *std::max_element(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    const char* at = all_.data();
    const char* const end = at + all_.size();
    std::size_t piece = 0;
    while (const void* hit = memmem(at, static_cast<std::size_t>(end - at), lead.data(), lead.size())) {
        const auto offset = static_cast<std::uint32_t>(static_cast<const char*>(hit) - all_.data());
        piece = piece_at(offset, piece);
        const auto entry = owners_[piece];
        const std::string_view text = all_.data() + places_[piece];
        at = text.data() + text.size() + 1;
        // A piece that the entry no longer begins at is dead.
        if (begins_[entry] != places_[piece]) continue;
        found[entry] = std::all_of(words.begin(), words.end(),
                                   [&](const auto& word) { return text.find(word) != std::string_view::npos; });
    }
    return found;
}

}  // namespace onhand::engine
