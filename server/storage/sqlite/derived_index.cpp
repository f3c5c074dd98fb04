#include "storage/sqlite/derived_index.hpp"

#include <algorithm>
#include <string_view>

namespace onhand::storage::sqlite {

namespace {

// A list is cut into rows of about this size, so that a row stays inside one page of the table.
constexpr std::size_t list_bytes_max = 700;
// 12 bytes an order: a chunk stays inside one page.
constexpr std::size_t chunk_orders_max = 256;

constexpr const char* schema = R"sql(
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  format INTEGER NOT NULL,
  database_id BLOB NOT NULL,
  applied_seq INTEGER NOT NULL
) STRICT;
CREATE TABLE order_chunk (
  first_seq INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL,
  n3 INTEGER NOT NULL, n4 INTEGER NOT NULL, n5 INTEGER NOT NULL,
  entries BLOB NOT NULL
) STRICT;
CREATE TABLE posting (
  kind INTEGER NOT NULL,
  key ANY NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  seqs BLOB NOT NULL,
  PRIMARY KEY (kind, key, first_seq)
) STRICT, WITHOUT ROWID;
)sql";

void count_states(OrderChunk& chunk) {
    chunk.in_state.fill(0);
    for (const OrderEntry& entry : chunk.entries) ++chunk.in_state[static_cast<std::size_t>(entry.status)];
}

}  // namespace

void DerivedIndex::create(Connection& connection, const DatabaseId& database) {
    Transaction transaction(connection, Transaction::Kind::write);
    connection.execute(schema);
    Statement insert(connection, "INSERT INTO meta (id, format, database_id, applied_seq) VALUES (1, ?, ?, 0)");
    insert.run(derived_format, database);
    transaction.commit();
}

bool DerivedIndex::fits(Connection& connection, const DatabaseId& database) {
    if (connection.query_int("SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'order_chunk', 'posting')") !=
        3)
        return false;
    Statement select(connection, "SELECT format, database_id FROM meta");
    auto row = select.open();
    return row.next() && row.integer(0) == derived_format && row.bytes<16>(1) == database;
}

DerivedIndex::DerivedIndex(Connection& connection)
    : connection_(connection),
      applied_(connection, "SELECT applied_seq FROM meta"),
      set_applied_(connection, "UPDATE meta SET applied_seq = ?"),
      last_list_(connection,
                 "SELECT first_seq, last_seq, seqs FROM posting WHERE kind = ? AND key = ? "
                 "ORDER BY first_seq DESC LIMIT 1"),
      upsert_list_(connection,
                   "INSERT INTO posting (kind, key, first_seq, last_seq, seqs) VALUES (?1, ?2, ?3, ?4, ?5) "
                   "ON CONFLICT (kind, key, first_seq) DO UPDATE SET last_seq = ?4, seqs = ?5"),
      chunk_(connection,
             "SELECT first_seq, last_seq, entries FROM order_chunk WHERE first_seq <= ? ORDER BY first_seq DESC "
             "LIMIT 1"),
      upsert_chunk_(connection,
                    "INSERT INTO order_chunk (first_seq, last_seq, n0, n1, n2, n3, n4, n5, entries) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (first_seq) DO UPDATE SET "
                    "last_seq = ?2, n0 = ?3, n1 = ?4, n2 = ?5, n3 = ?6, n4 = ?7, n5 = ?8, entries = ?9") {}

domain::FeedSeq DerivedIndex::applied() {
    auto row = applied_.open();
    if (!row.next()) throw_corrupt("the derived store has no state");
    return row.integer(0);
}

void DerivedIndex::add_movement(domain::FeedSeq seq, std::int64_t product, std::int64_t location) {
    lists_[{Posting::product_movements, product}].push_back(seq);
    lists_[{Posting::location_movements, location}].push_back(seq);
}

void DerivedIndex::add_order(const OrderEntry& entry, const std::vector<std::int64_t>& products,
                             const std::vector<std::string>& words) {
    orders_.push_back(entry);
    for (const auto product : products) {
        Numbers& numbers = lists_[{Posting::product_orders, product}];
        // A product may be in several lines, from several locations.
        if (numbers.empty() || numbers.back() != entry.seq) numbers.push_back(entry.seq);
    }
    for (const auto& word : words) words_[word].push_back(entry.seq);
}

void DerivedIndex::change_state(domain::FeedSeq order, domain::OrderStatus status) {
    states_[order] = status;
}

void DerivedIndex::flush(domain::FeedSeq applied) {
    Transaction transaction(connection_, Transaction::Kind::write);
    append_orders();
    apply_states();
    write_lists();
    set_applied_.run(applied);
    transaction.commit();
    discard();
}

void DerivedIndex::discard() {
    lists_.clear();
    words_.clear();
    orders_.clear();
    states_.clear();
}

void DerivedIndex::reset() {
    discard();
    Transaction transaction(connection_, Transaction::Kind::write);
    connection_.execute("DELETE FROM posting; DELETE FROM order_chunk;");
    set_applied_.run(0);
    transaction.commit();
}

void DerivedIndex::write_lists() {
    for (const auto& [list, numbers] : lists_) append_list(list.first, list.second, numbers);
    for (const auto& [word, numbers] : words_) append_list(Posting::word_orders, std::string_view(word), numbers);
}

template <class Key>
void DerivedIndex::append_list(Posting kind, const Key& key, const Numbers& numbers) {
    const auto kind_number = static_cast<std::int64_t>(kind);
    domain::FeedSeq first = 0;
    domain::FeedSeq last = 0;
    blob_.clear();
    {
        auto row = last_list_.open(kind_number, key);
        if (row.next() && row.blob(2).size() < list_bytes_max) {
            first = row.integer(0);
            last = row.integer(1);
            blob_.assign(row.blob(2).begin(), row.blob(2).end());
        }
    }
    for (const auto number : numbers) {
        if (first != 0 && blob_.size() >= list_bytes_max) {
            upsert_list_.run(kind_number, key, first, last, ByteView{blob_});
            blob_.clear();
            first = 0;
        }
        if (first == 0)
            first = number;
        else
            append_posting(blob_, last, number);
        last = number;
    }
    upsert_list_.run(kind_number, key, first, last, ByteView{blob_});
}

std::optional<OrderChunk> DerivedIndex::chunk_at(domain::FeedSeq seq) {
    auto row = chunk_.open(seq);
    if (!row.next()) return std::nullopt;
    OrderChunk chunk;
    chunk.first = row.integer(0);
    chunk.last = row.integer(1);
    if (!decode_entries(row.blob(2), chunk)) throw_corrupt("a chunk of the derived store cannot be read");
    return chunk;
}

void DerivedIndex::write_chunk(const OrderChunk& chunk) {
    encode_entries(blob_, chunk);
    const auto& n = chunk.in_state;
    upsert_chunk_.run(chunk.first, chunk.last, n[0], n[1], n[2], n[3], n[4], n[5], ByteView{blob_});
}

void DerivedIndex::append_orders() {
    if (orders_.empty()) return;
    OrderChunk chunk;
    if (auto last = chunk_at(orders_.front().seq)) chunk = std::move(*last);
    for (const OrderEntry& entry : orders_) {
        const bool fits = chunk.entries.size() < chunk_orders_max && entry.seq - chunk.first <= UINT32_MAX;
        if (!chunk.entries.empty() && !fits) {
            count_states(chunk);
            write_chunk(chunk);
            chunk.entries.clear();
        }
        if (chunk.entries.empty()) chunk.first = entry.seq;
        chunk.entries.push_back(entry);
        chunk.last = entry.seq;
    }
    count_states(chunk);
    write_chunk(chunk);
}

void DerivedIndex::apply_states() {
    std::optional<OrderChunk> chunk;
    const auto write = [this, &chunk] {
        if (!chunk) return;
        count_states(*chunk);
        write_chunk(*chunk);
    };
    for (const auto& [seq, status] : states_) {
        if (!chunk || seq > chunk->last) {
            write();
            chunk = chunk_at(seq);
        }
        if (!chunk) throw_corrupt("the derived store lacks an order");
        const auto entry =
            std::lower_bound(chunk->entries.begin(), chunk->entries.end(), seq,
                             [](const OrderEntry& one, domain::FeedSeq wanted) { return one.seq < wanted; });
        if (entry == chunk->entries.end() || entry->seq != seq) throw_corrupt("the derived store lacks an order");
        entry->status = status;
    }
    write();
}

}  // namespace onhand::storage::sqlite
