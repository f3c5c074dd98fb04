#pragma once
// Where the answer of every idempotency key is: recent keys in tables in memory, older ones in runs, which a filter in
// memory lets nearly every new key pass by. Tables are dropped as soon as runs cover what is in them, so memory is
// bounded by how far the runs are behind. Tells rows that may hold the key; whoever asks reads the row and compares.
// Lane thread only.

#include <deque>

#include "storage/sqlite/key_table.hpp"
#include "storage/sqlite/run_entry.hpp"
#include "storage/sqlite/run_set.hpp"

namespace onhand::storage::sqlite {

class KeyIndex {
  public:
    // Keys of one table; small, so that dropping it is quick and it never grows for long.
    static constexpr std::size_t table_keys_default = 65'536;

    explicit KeyIndex(const RunSet& runs, std::size_t table_keys_max = table_keys_default);

    // Adds a key whose row is not in the runs; rows of one source rise.
    void insert(const domain::KeyHash& key, KeyTable::Place place);
    // The rows after this must be inserted at start; all before are in runs.
    RunPosition covered() const { return snapshot_->covered(); }

    // Calls `visit(place)` for each row the key may be in, until it returns true. Where a run cannot be read, calls
    // `search(info)`, which looks through the rows of that run itself. Returns whether one of them answered true.
    template <class Visit, class Search>
    bool find(const domain::KeyHash& key, Visit&& visit, Search&& search) {
        refresh();
        for (auto table = tables_.rbegin(); table != tables_.rend(); ++table)
            if (table->keys.find(key, visit)) return true;
        const std::uint64_t mark = KeyTable::mark_of(key);
        for (const auto& run : snapshot_->runs) run->filter().prefetch(mark);
        for (auto run = snapshot_->runs.rbegin(); run != snapshot_->runs.rend(); ++run)
            if ((*run)->filter().may_hold(mark) && find_in_run(**run, mark, visit, search)) return true;
        return false;
    }

    // How many keys are known.
    std::size_t size() const;
    // Whether fewer than `keys_max` keys are in memory, because runs cover the others. `keys_max` is more than one
    // table and the keys of one run, which are always there.
    bool has_room(std::size_t keys_max);

  private:
    struct Table {
        KeyTable keys;
        RunPosition last;
    };

    std::size_t in_memory() const;
    void refresh() {
        if (runs_.version() != version_) take_snapshot();
    }
    void take_snapshot();

    template <class Visit, class Search>
    static bool find_in_run(const Run& run, std::uint64_t mark, Visit&& visit, Search&& search) {
        std::vector<KeyTable::Place> places;
        try {
            const std::string prefix = known_key_prefix(mark);
            RunCursor cursor(run);
            for (bool more = cursor.seek(prefix); more && cursor.name().starts_with(prefix); more = cursor.next())
                places.push_back(KeyTable::unpack(static_cast<std::uint64_t>(number_of(cursor.name()))));
        } catch (const RunError&) {
            return search(run.info());
        }
        for (const auto place : places)
            if (visit(place)) return true;
        return false;
    }

    const RunSet& runs_;
    const std::size_t table_keys_max_;
    std::uint64_t version_ = 0;
    RunSnapshotPtr snapshot_;
    std::deque<Table> tables_;  // oldest first
};

}  // namespace onhand::storage::sqlite
