#include "storage/sqlite/derived_reader.hpp"

#include <algorithm>
#include <numeric>

namespace onhand::storage::sqlite {

namespace {

constexpr std::size_t entry_bytes = 12;

void append_32(std::vector<std::uint8_t>& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t read_32(const std::uint8_t* bytes) {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

void read_counts(const Cursor& row, OrderCounts& counts) {
    counts.first = row.integer(0);
    counts.last = row.integer(1);
    for (std::size_t i = 0; i < order_states; ++i) counts.in_state[i] = row.integer(static_cast<int>(2 + i));
}

[[noreturn]] void throw_unreadable() {
    throw_corrupt("a chunk of the derived store cannot be read");
}

}  // namespace

std::int64_t OrderCounts::count() const {
    return std::accumulate(in_state.begin(), in_state.end(), std::int64_t{0});
}

void encode_entries(std::vector<std::uint8_t>& out, const OrderChunk& chunk) {
    out.clear();
    for (const OrderEntry& entry : chunk.entries) {
        append_32(out, static_cast<std::uint32_t>(entry.seq - chunk.first));
        append_32(out, static_cast<std::uint32_t>(entry.account));
        append_32(out, static_cast<std::uint32_t>(entry.status));
    }
}

bool decode_entries(std::span<const std::uint8_t> blob, OrderChunk& chunk) {
    if (blob.size() % entry_bytes != 0) return false;
    chunk.entries.clear();
    chunk.entries.reserve(blob.size() / entry_bytes);
    for (std::size_t at = 0; at < blob.size(); at += entry_bytes) {
        const std::uint32_t status = read_32(&blob[at + 8]);
        if (status >= order_states) return false;
        chunk.entries.push_back(
            {chunk.first + read_32(&blob[at]), read_32(&blob[at + 4]), static_cast<domain::OrderStatus>(status)});
    }
    return true;
}

DerivedReader::DerivedReader(const std::string& path)
    : connection_(path, Connection::Mode::read),
      applied_(connection_, "SELECT applied_seq FROM meta"),
      groups_(connection_,
              "SELECT first_seq, last_seq, n0, n1, n2, n3, n4, n5 FROM order_group ORDER BY first_seq DESC"),
      chunks_(connection_,
              "SELECT first_seq, last_seq, n0, n1, n2, n3, n4, n5, entries FROM order_chunk WHERE first_seq >= ?1 AND "
              "first_seq <= ?2 ORDER BY first_seq DESC"),
      chunk_(connection_,
             "SELECT first_seq, last_seq, entries FROM order_chunk WHERE first_seq <= ? ORDER BY first_seq DESC "
             "LIMIT 1") {
    connection_.execute("PRAGMA cache_size = -8192; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;");
}

domain::FeedSeq DerivedReader::begin() {
    last_ = -1;
    connection_.execute("BEGIN");
    auto row = applied_.open();
    if (!row.next()) throw_corrupt("the derived store has no state");
    return row.integer(0);
}

void DerivedReader::groups_down(const std::function<void(const OrderCounts& group)>& visit) {
    auto row = groups_.open();
    while (row.next()) {
        OrderCounts group;
        read_counts(row, group);
        visit(group);
    }
}

void DerivedReader::chunks_down(const OrderCounts& group,
                                const std::function<void(OrderChunk& chunk, const Load& load)>& visit) {
    auto row = chunks_.open(group.first, group.last);
    while (row.next()) {
        OrderChunk chunk;
        read_counts(row, chunk);
        visit(chunk, [&row, &chunk] {
            if (!decode_entries(row.blob(8), chunk)) throw_unreadable();
        });
    }
}

std::optional<OrderEntry> DerivedReader::entry(domain::FeedSeq seq) {
    if (seq < first_ || seq > last_) {
        auto row = chunk_.open(seq);
        if (!row.next()) return std::nullopt;
        first_ = row.integer(0);
        last_ = row.integer(1);
        chunk_bytes_.assign(row.blob(2).begin(), row.blob(2).end());
        if (chunk_bytes_.size() % entry_bytes != 0) throw_unreadable();
    }
    // Halves the rising distances in the bytes as they are.
    std::size_t low = 0;
    std::size_t high = chunk_bytes_.size() / entry_bytes;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const std::uint8_t* const bytes = &chunk_bytes_[middle * entry_bytes];
        const domain::FeedSeq found = first_ + read_32(bytes);
        if (found == seq) {
            const std::uint32_t status = read_32(bytes + 8);
            if (status >= order_states) throw_unreadable();
            return OrderEntry{seq, read_32(bytes + 4), static_cast<domain::OrderStatus>(status)};
        }
        if (found < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return std::nullopt;
}

}  // namespace onhand::storage::sqlite
