#include "storage/sqlite/recent_lists.hpp"

#include <algorithm>

#include "base/sort_unique.hpp"
#include "storage/sqlite/key_table.hpp"
#include "storage/sqlite/posting_part.hpp"

namespace onhand::storage::sqlite {

void RecentLists::add(std::string_view list, domain::FeedSeq number) {
    Map& lists = list.front() == static_cast<char>(Posting::word_orders) ? words_ : lists_;
    auto found = lists.find(list);
    if (found == lists.end()) found = lists.emplace(std::string(list), Numbers{}).first;
    // A product may be in several lines of an order, a word twice in its texts.
    if (found->second.empty() || found->second.back() != number) found->second.push_back(number);
}

void RecentLists::add_key(const domain::KeyHash& key, std::uint64_t place) {
    keys_.push_back({KeyTable::mark_of(key), place});
}

RecentLists::Numbers RecentLists::numbers(std::string_view list) const {
    const auto found = lists_.find(list);
    return found == lists_.end() ? Numbers{} : found->second;
}

RecentLists::Numbers RecentLists::numbers_of_words(std::string_view prefix) const {
    constexpr std::size_t word_at = 5;  // behind kind and slice
    Numbers all;
    for (const auto& [name, numbers] : words_) {
        if (std::string_view(name).substr(word_at).starts_with(prefix))
            all.insert(all.end(), numbers.begin(), numbers.end());
    }
    sort_unique(all);
    return all;
}

void RecentLists::write(RunWriter& writer) const {
    auto keys = keys_;
    std::sort(keys.begin(), keys.end());
    for (const Key& key : keys)
        writer.add(with_number(known_key_prefix(key.mark), static_cast<std::int64_t>(key.place)), {});
    std::vector<const Map::value_type*> sorted;
    sorted.reserve(lists_.size() + words_.size());
    for (const auto* lists : {&lists_, &words_})
        for (const auto& list : *lists) sorted.push_back(&list);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* one, const auto* other) { return one->first < other->first; });
    PartWriter parts([&writer](std::string_view name, std::string_view value) { writer.add(name, value); });
    for (const auto* list : sorted)
        for (const auto number : list->second) parts.add(list->first, number);
    parts.finish();
}

}  // namespace onhand::storage::sqlite
