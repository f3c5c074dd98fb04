#pragma once
// Reads a stretch of the feed from the main database and tells what it means for the derived store: states of orders,
// lists and known keys. Its own read-only connection; one thread at a time.

#include <string>
#include <utility>
#include <vector>

#include "storage/sqlite/derived_index.hpp"
#include "storage/sqlite/log_gate.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/run_file.hpp"

namespace onhand::storage::sqlite {

// What a stretch adds to the lists and the known keys, in the order of the feed.
struct ListAdditions {
    std::vector<std::pair<std::string, domain::FeedSeq>> numbers;  // name of the list (run_entry.hpp), feed number
    std::vector<std::pair<domain::KeyHash, std::uint64_t>> keys;   // key, place as KeyTable packs it
    void clear() {
        numbers.clear();
        keys.clear();
    }
};

class DerivedSource {
  public:
    // `gate` is entered for every reading and outlives the source; nullptr: it keeps the log as it is while it reads.
    explicit DerivedSource(const std::string& main_path, LogGate* gate = nullptr);

    DerivedIndex::DatabaseId database_id();
    // The newest feed item and answer.
    RunPosition head();
    // The newest rows up to `position`.
    RunAnchor anchor(const RunPosition& position);

    // Collects the items after `after` up to `last`; either receiver may be left out.
    void collect(domain::FeedSeq after, domain::FeedSeq last, DerivedIndex* states, ListAdditions* lists);
    // Collects the keys of stored answers after `after`, at most `limit`; returns the last id.
    std::int64_t collect_answers(std::int64_t after, std::int64_t last, std::int64_t limit, ListAdditions& lists);

  private:
    void collect_order(const Cursor& row, ListAdditions& lists);

    LogGate* const gate_;
    Connection main_;
    Statement head_;
    Statement last_answer_;
    Statement movements_;
    Statement orders_;
    Statement events_;
    Statement answers_;
    Statement movement_at_;
    Statement answer_at_;
    std::vector<domain::OrderLine> lines_;
};

}  // namespace onhand::storage::sqlite
