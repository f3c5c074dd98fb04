#include "storage/sqlite/derived_reader.hpp"

#include <algorithm>
#include <numeric>

#include "storage/sqlite/blob_codec.hpp"

namespace onhand::storage::sqlite {

namespace {

constexpr std::size_t entry_bytes = 12;
constexpr const char* chunk_select = "SELECT first_seq, last_seq, n0, n1, n2, n3, n4, n5, entries FROM order_chunk ";

void append_32(std::vector<std::uint8_t>& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t read_32(const std::uint8_t* bytes) {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

// The numbers of a posting row whose columns first_seq and seqs are 0 and 1, appended to `out`.
void append_numbers(const Cursor& row, std::vector<domain::FeedSeq>& out) {
    const domain::FeedSeq first = row.integer(0);
    out.push_back(first);
    if (!decode_postings(row.blob(1), first, out)) throw_corrupt("a list of the derived store cannot be read");
}

OrderChunk read_chunk(const Cursor& row) {
    OrderChunk chunk;
    chunk.first = row.integer(0);
    chunk.last = row.integer(1);
    for (std::size_t i = 0; i < order_states; ++i) chunk.in_state[i] = row.integer(static_cast<int>(2 + i));
    return chunk;
}

void load_entries(const Cursor& row, OrderChunk& chunk) {
    if (!decode_entries(row.blob(8), chunk)) throw_corrupt("a chunk of the derived store cannot be read");
}

}  // namespace

std::int64_t OrderChunk::count() const {
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
      lists_(connection_, "SELECT first_seq, seqs FROM posting WHERE kind = ? AND key = ? ORDER BY first_seq"),
      // Words are UTF-8 or any bytes above 0x7f, never 0xff, so this upper bound is behind all of them.
      word_lists_(connection_, "SELECT first_seq, seqs FROM posting WHERE kind = ?1 AND key >= ?2 AND key < ?3"),
      lists_down_(connection_,
                  "SELECT first_seq, seqs FROM posting WHERE kind = ? AND key = ? AND first_seq < ? "
                  "ORDER BY first_seq DESC"),
      lists_up_(connection_,
                "SELECT first_seq, seqs FROM posting WHERE kind = ?1 AND key = ?2 AND last_seq > ?3 "
                "ORDER BY first_seq"),
      chunks_(connection_, std::string(chunk_select) + "ORDER BY first_seq DESC"),
      chunk_(connection_, std::string(chunk_select) + "WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1") {
    connection_.execute("PRAGMA cache_size = -8192; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;");
}

domain::FeedSeq DerivedReader::begin() {
    connection_.execute("BEGIN");
    auto row = applied_.open();
    if (!row.next()) throw_corrupt("the derived store has no state");
    return row.integer(0);
}

std::vector<domain::FeedSeq> DerivedReader::numbers(Posting kind, std::int64_t key) {
    std::vector<domain::FeedSeq> numbers;
    auto row = lists_.open(static_cast<std::int64_t>(kind), key);
    while (row.next()) append_numbers(row, numbers);
    return numbers;
}

std::vector<domain::FeedSeq> DerivedReader::numbers_of_words(std::string_view prefix) {
    std::vector<domain::FeedSeq> numbers;
    const std::string end = std::string(prefix) + '\xff';
    auto row = word_lists_.open(static_cast<std::int64_t>(Posting::word_orders), prefix, std::string_view(end));
    while (row.next()) append_numbers(row, numbers);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

void DerivedReader::walk_down(Posting kind, std::int64_t key, domain::FeedSeq before, const Visit& visit) {
    std::vector<domain::FeedSeq> numbers;
    auto row = lists_down_.open(static_cast<std::int64_t>(kind), key, before);
    while (row.next()) {
        numbers.clear();
        append_numbers(row, numbers);
        for (auto number = numbers.rbegin(); number != numbers.rend(); ++number)
            if (*number < before && !visit(*number)) return;
    }
}

void DerivedReader::walk_up(Posting kind, std::int64_t key, domain::FeedSeq after, const Visit& visit) {
    std::vector<domain::FeedSeq> numbers;
    auto row = lists_up_.open(static_cast<std::int64_t>(kind), key, after);
    while (row.next()) {
        numbers.clear();
        append_numbers(row, numbers);
        for (const auto number : numbers)
            if (number > after && !visit(number)) return;
    }
}

void DerivedReader::chunks_down(const std::function<void(OrderChunk& chunk, const Load& load)>& visit) {
    auto row = chunks_.open();
    while (row.next()) {
        OrderChunk chunk = read_chunk(row);
        visit(chunk, [&row, &chunk] { load_entries(row, chunk); });
    }
}

std::optional<OrderChunk> DerivedReader::chunk_of(domain::FeedSeq seq) {
    auto row = chunk_.open(seq);
    if (!row.next()) return std::nullopt;
    OrderChunk chunk = read_chunk(row);
    load_entries(row, chunk);
    return chunk;
}

}  // namespace onhand::storage::sqlite
