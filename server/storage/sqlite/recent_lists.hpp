#pragma once
// The lists and known keys of the newest stretch of the feed, in memory, until they are written as a run. Filled by one
// thread; the caller keeps readers out meanwhile. Feed numbers rise from call to call.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/sqlite/run_file.hpp"

namespace onhand::storage::sqlite {

class RecentLists {
  public:
    using Numbers = std::vector<domain::FeedSeq>;

    void add(std::string_view list, domain::FeedSeq number);
    // `place` as in a run's entry: row * 2 + source.
    void add_key(const domain::KeyHash& key, std::uint64_t place);

    // The numbers of one list, rising; empty when there is none.
    Numbers numbers(std::string_view list) const;
    // The union of the lists of all words that begin with `prefix`, rising.
    Numbers numbers_of_words(std::string_view prefix) const;

    std::size_t key_count() const { return keys_.size(); }
    void clear();

    // Writes everything as the entries of a run.
    void write(RunWriter& writer) const;

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    struct Key {
        std::uint64_t mark = 0;
        std::uint64_t place = 0;
        auto operator<=>(const Key&) const = default;
    };
    using Map = std::unordered_map<std::string, Numbers, Hash, std::equal_to<>>;
    Map lists_;
    Map words_;  // apart, because a search goes over all of them
    std::vector<Key> keys_;
};

}  // namespace onhand::storage::sqlite
