#include "transport/http/seen_rows.hpp"

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"

namespace onhand::http {

std::int64_t SeenRows::note(std::string_view sku, std::string_view location, std::int64_t line) {
    ensure(line > 0 && line <= UINT32_MAX, "a line of a file has a number");
    name_.assign(sku);
    name_ += '\0';
    name_ += location;
    name_ += '\0';
    const auto whole = std::hash<std::string_view>{}(name_);
    const auto hash = static_cast<std::uint32_t>(whole ^ whole >> 32);
    if ((count_ + 1) * 4 > entries_.size() * 3) grow();
    const auto mask = entries_.size() - 1;
    for (auto at = hash & mask; entries_[at].line != 0; at = (at + 1) & mask)
        if (entries_[at].hash == hash && names_.compare(entries_[at].at, name_.size(), name_) == 0)
            return entries_[at].line;
    ensure(names_.size() + name_.size() < UINT32_MAX, "the names of a file stay below 4 GiB");
    free_place(hash) = {hash, static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(names_.size())};
    names_ += name_;
    ++count_;
    return 0;
}

// At most three quarters of the places are taken.
void SeenRows::grow() {
    constexpr std::size_t places_first = 1024;
    const auto old = std::move(entries_);
    entries_.assign(std::max(places_first, old.size() * 2), Entry{});
    for (const auto& entry : old)
        if (entry.line != 0) free_place(entry.hash) = entry;
}

SeenRows::Entry& SeenRows::free_place(std::uint32_t hash) {
    const auto mask = entries_.size() - 1;
    auto at = hash & mask;
    while (entries_[at].line != 0) at = (at + 1) & mask;
    return entries_[at];
}

}  // namespace onhand::http
