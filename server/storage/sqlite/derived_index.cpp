#include "storage/sqlite/derived_index.hpp"

#include <algorithm>

namespace onhand::storage::sqlite {

namespace {

// 12 bytes an order: a chunk stays inside one page.
constexpr std::size_t chunk_orders_max = 256;
// Groups let counting pass over chunks: 10 million orders are 160 groups.
constexpr std::int64_t group_orders_max = 65'536;

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
CREATE TABLE order_group (
  first_seq INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL,
  n3 INTEGER NOT NULL, n4 INTEGER NOT NULL, n5 INTEGER NOT NULL
) STRICT;
)sql";

}  // namespace

void DerivedIndex::create(Connection& connection, const DatabaseId& database) {
    Transaction transaction(connection, Transaction::Kind::write);
    connection.execute(schema);
    Statement insert(connection, "INSERT INTO meta (id, format, database_id, applied_seq) VALUES (1, ?, ?, 0)");
    insert.run(derived_format, database);
    transaction.commit();
}

bool DerivedIndex::fits(Connection& connection, const DatabaseId& database) {
    if (connection.query_int(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'order_chunk', 'order_group')") != 3)
        return false;
    Statement select(connection, "SELECT format, database_id FROM meta");
    auto row = select.open();
    return row.next() && row.integer(0) == derived_format && row.bytes<16>(1) == database;
}

DerivedIndex::DerivedIndex(Connection& connection)
    : connection_(connection),
      applied_(connection, "SELECT applied_seq FROM meta"),
      set_applied_(connection, "UPDATE meta SET applied_seq = ?"),
      chunk_(connection,
             "SELECT first_seq, last_seq, entries FROM order_chunk WHERE first_seq <= ? ORDER BY first_seq DESC "
             "LIMIT 1"),
      upsert_chunk_(connection,
                    "INSERT INTO order_chunk (first_seq, last_seq, n0, n1, n2, n3, n4, n5, entries) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (first_seq) DO UPDATE SET "
                    "last_seq = ?2, n0 = ?3, n1 = ?4, n2 = ?5, n3 = ?6, n4 = ?7, n5 = ?8, entries = ?9"),
      group_(connection,
             "SELECT first_seq, n0 + n1 + n2 + n3 + n4 + n5 FROM order_group WHERE first_seq <= ? "
             "ORDER BY first_seq DESC LIMIT 1"),
      upsert_group_(connection,
                    "INSERT INTO order_group (first_seq, last_seq, n0, n1, n2, n3, n4, n5) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (first_seq) DO UPDATE SET "
                    "last_seq = max(last_seq, ?2), n0 = n0 + ?3, n1 = n1 + ?4, n2 = n2 + ?5, n3 = n3 + ?6, "
                    "n4 = n4 + ?7, n5 = n5 + ?8") {}

domain::FeedSeq DerivedIndex::applied() {
    auto row = applied_.open();
    if (!row.next()) throw_corrupt("the derived store has no state");
    return row.integer(0);
}

void DerivedIndex::flush(domain::FeedSeq applied) {
    Transaction transaction(connection_, Transaction::Kind::write);
    append_orders();
    apply_states();
    set_applied_.run(applied);
    transaction.commit();
    discard();
}

void DerivedIndex::discard() {
    orders_.clear();
    states_.clear();
}

void DerivedIndex::reset() {
    discard();
    Transaction transaction(connection_, Transaction::Kind::write);
    connection_.execute("DELETE FROM order_chunk; DELETE FROM order_group;");
    set_applied_.run(0);
    transaction.commit();
}

std::optional<OrderChunk> DerivedIndex::chunk_at(domain::FeedSeq seq) {
    auto row = chunk_.open(seq);
    if (!row.next()) return std::nullopt;
    OrderChunk chunk;
    chunk.first = row.integer(0);
    chunk.last = row.integer(1);
    if (!decode_entries(row.blob(2), chunk)) throw_corrupt("a chunk of the derived store cannot be read");
    for (const OrderEntry& entry : chunk.entries) ++chunk.in_state[static_cast<std::size_t>(entry.status)];
    return chunk;
}

void DerivedIndex::write_chunk(OrderChunk& chunk) {
    const Counts before = chunk.in_state;
    chunk.in_state.fill(0);
    for (const OrderEntry& entry : chunk.entries) ++chunk.in_state[static_cast<std::size_t>(entry.status)];
    encode_entries(blob_, chunk);
    const auto& n = chunk.in_state;
    upsert_chunk_.run(chunk.first, chunk.last, n[0], n[1], n[2], n[3], n[4], n[5], ByteView{blob_});
    count_in_group(chunk, before);
}

// A chunk belongs to the group that begins last at or before it. `before`: what the group counts of it already.
void DerivedIndex::count_in_group(const OrderChunk& chunk, const Counts& before) {
    domain::FeedSeq group = chunk.first;
    {
        auto row = group_.open(chunk.first);
        const bool is_new_chunk = before == Counts{};
        if (row.next() && !(is_new_chunk && row.integer(1) >= group_orders_max)) group = row.integer(0);
    }
    Counts more{};
    for (std::size_t i = 0; i < order_states; ++i) more[i] = chunk.in_state[i] - before[i];
    upsert_group_.run(group, chunk.last, more[0], more[1], more[2], more[3], more[4], more[5]);
}

void DerivedIndex::append_orders() {
    if (orders_.empty()) return;
    OrderChunk chunk;
    if (auto last = chunk_at(orders_.front().seq)) chunk = std::move(*last);
    for (const OrderEntry& entry : orders_) {
        const bool fits = chunk.entries.size() < chunk_orders_max && entry.seq - chunk.first <= UINT32_MAX;
        if (!chunk.entries.empty() && !fits) {
            write_chunk(chunk);
            chunk = {};
        }
        if (chunk.entries.empty()) chunk.first = entry.seq;
        chunk.entries.push_back(entry);
        chunk.last = entry.seq;
    }
    write_chunk(chunk);
}

void DerivedIndex::apply_states() {
    std::optional<OrderChunk> chunk;
    for (const auto& [seq, status] : states_) {
        if (!chunk || seq > chunk->last) {
            if (chunk) write_chunk(*chunk);
            chunk = chunk_at(seq);
        }
        if (!chunk) throw_corrupt("the derived store lacks an order");
        const auto entry =
            std::lower_bound(chunk->entries.begin(), chunk->entries.end(), seq,
                             [](const OrderEntry& one, domain::FeedSeq wanted) { return one.seq < wanted; });
        if (entry == chunk->entries.end() || entry->seq != seq) throw_corrupt("the derived store lacks an order");
        entry->status = status;
    }
    if (chunk) write_chunk(*chunk);
}

}  // namespace onhand::storage::sqlite
