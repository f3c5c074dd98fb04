#include "storage/sqlite/key_index.hpp"

namespace onhand::storage::sqlite {

KeyIndex::KeyIndex(const RunSet& runs, std::size_t table_keys_max) : runs_(runs), table_keys_max_(table_keys_max) {
    take_snapshot();
}

void KeyIndex::take_snapshot() {
    // In this order: a change in between is seen at the next look.
    version_ = runs_.version();
    snapshot_ = runs_.snapshot();
    const RunPosition covered = snapshot_->covered();
    // Not only from the front: where only answers are stored, a table with an order behind the last run stays for long.
    std::erase_if(tables_, [&covered](const Table& table) {
        return table.last.seq <= covered.seq && table.last.answer <= covered.answer;
    });
}

void KeyIndex::insert(const domain::KeyHash& key, KeyTable::Place place) {
    if (tables_.empty() || tables_.back().keys.size() >= table_keys_max_) {
        refresh();
        tables_.emplace_back();
    }
    Table& table = tables_.back();
    table.keys.insert(key, place);
    (place.source == KeyTable::Source::order ? table.last.seq : table.last.answer) = place.row;
}

std::size_t KeyIndex::in_memory() const {
    std::size_t size = 0;
    for (const auto& table : tables_) size += table.keys.size();
    return size;
}

bool KeyIndex::has_room(std::size_t keys_max) {
    if (in_memory() < keys_max) return true;
    refresh();
    return in_memory() < keys_max;
}

std::size_t KeyIndex::size() const {
    std::size_t size = in_memory();
    for (const auto& run : snapshot_->runs) size += run->info().keys;
    return size;
}

}  // namespace onhand::storage::sqlite
