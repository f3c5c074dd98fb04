#include "storage/sqlite/key_index.hpp"

namespace onhand::storage::sqlite {

KeyIndex::KeyIndex(const RunSet& runs) : runs_(runs) {
    take_snapshot();
}

void KeyIndex::take_snapshot() {
    // In this order: a change in between is seen at the next look.
    version_ = runs_.version();
    snapshot_ = runs_.snapshot();
    const RunPosition covered = snapshot_->covered();
    while (!tables_.empty() && tables_.front().last.seq <= covered.seq && tables_.front().last.answer <= covered.answer)
        tables_.pop_front();
}

void KeyIndex::insert(const domain::KeyHash& key, KeyTable::Place place) {
    if (tables_.empty() || tables_.back().keys.size() >= table_keys_max) {
        refresh();
        tables_.emplace_back();
    }
    Table& table = tables_.back();
    table.keys.insert(key, place);
    (place.source == KeyTable::Source::order ? table.last.seq : table.last.answer) = place.row;
}

std::size_t KeyIndex::size() const {
    std::size_t size = 0;
    for (const auto& table : tables_) size += table.keys.size();
    for (const auto& run : snapshot_->runs) size += run->info().keys;
    return size;
}

}  // namespace onhand::storage::sqlite
