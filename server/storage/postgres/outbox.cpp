#include "storage/postgres/outbox.hpp"

#include <algorithm>

#include "storage/postgres/settings.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr Statement any_waiting{"any_waiting", "SELECT EXISTS (SELECT FROM outbox WHERE number IS NULL)"};
// Waits for an instance that is numbering at this moment: what was committed while it looked is for us to number.
constexpr Statement lock_head{"lock_head", "SELECT seq FROM feed_head WHERE id = 1 FOR UPDATE"};
// A statement of its own, so that its snapshot is taken after the lock was: it sees what the last holder numbered.
constexpr Statement number_rows{
    "number_rows",
    "WITH head AS (SELECT seq, batch FROM feed_head WHERE id = 1), "
    "waiting AS (SELECT id, n FROM outbox WHERE number IS NULL ORDER BY id LIMIT $1), "
    "placed AS (SELECT id, row_number() OVER (ORDER BY id) AS place, sum(n) OVER (ORDER BY id) - n AS before "
    "FROM waiting), "
    "numbered AS (UPDATE outbox o SET number = head.batch + p.place, first_seq = head.seq + p.before + 1 "
    "FROM placed p, head WHERE o.id = p.id RETURNING o.number, o.orders), "
    "summed AS (SELECT coalesce(sum(orders[1]), 0) AS s1, coalesce(sum(orders[2]), 0) AS s2, "
    "coalesce(sum(orders[3]), 0) AS s3, coalesce(sum(orders[4]), 0) AS s4, coalesce(sum(orders[5]), 0) AS s5, "
    "coalesce(sum(orders[6]), 0) AS s6 FROM numbered), "
    "counted AS (UPDATE feed_head f SET orders = ARRAY[f.orders[1] + s.s1, f.orders[2] + s.s2, f.orders[3] + s.s3, "
    "f.orders[4] + s.s4, f.orders[5] + s.s5, f.orders[6] + s.s6] FROM summed s WHERE f.id = 1) "
    "SELECT number FROM numbered"};
constexpr Statement set_head{
    "set_head",
    "UPDATE feed_head f SET batch = o.number, seq = o.first_seq + o.n - 1 FROM "
    "(SELECT number, first_seq, n FROM outbox WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1) o "
    "WHERE f.id = 1"};
constexpr Statement commit_numbers{"commit_numbers", "COMMIT"};
constexpr Statement read_rows{
    "read_rows", "SELECT number, first_seq, n, changes FROM outbox WHERE number > $1 ORDER BY number LIMIT $2"};

}  // namespace

void raise_head(std::atomic<domain::FeedSeq>& head, domain::FeedSeq seq) {
    auto seen = head.load(std::memory_order_relaxed);
    while (seen < seq && !head.compare_exchange_weak(seen, seq, std::memory_order_release)) {
    }
}

OutboxTable::OutboxTable(ConnectOptions options, std::atomic<domain::FeedSeq>& head)
    : head_(head), connection_(std::move(options)) {}

// Runs `body`, and once more when the session had ended: it may have been idle for long, and both calls may be
// repeated.
template <class Body>
Result<std::vector<NumberedBatch>, StoreError> OutboxTable::guarded(Body&& body) {
    for (bool again = false;; again = true) {
        try {
            make_ready();
            return body();
        } catch (const SqlError& error) {
            if (error.connection_lost() && !again) continue;
            return failed(error);
        } catch (const CorruptRow& error) {
            connection_.rollback();
            return to_store_error(error);
        }
    }
}

Result<std::vector<NumberedBatch>, StoreError> OutboxTable::number(std::int64_t limit) {
    return guarded([&] { return number_waiting(limit); });
}

// Everything under the lock is one round trip, and what it answers is small: an instance that is stopped in the middle
// keeps the lock no longer than the server needs. The batches are read afterwards.
std::vector<NumberedBatch> OutboxTable::number_waiting(std::int64_t limit) {
    if (!connection_.query(any_waiting).boolean(0, 0)) return {};
    Params params;
    params.int64(limit);
    connection_.send_begin();
    connection_.send(lock_head);
    connection_.send(number_rows, params);
    connection_.send(set_head);
    connection_.send(commit_numbers);
    connection_.sync();
    connection_.next_result();
    const SqlResult numbered = connection_.next_result();
    connection_.next_result();
    if (connection_.next_result().command_tag() != "COMMIT")
        throw SqlError("25P02", "the transaction was rolled back", false);
    if (numbered.empty()) return {};
    std::int64_t first = numbered.integer(0, 0);
    for (int row = 1; row < numbered.rows(); ++row) first = std::min(first, numbered.integer(row, 0));
    params.clear().int64(first - 1).int64(numbered.rows());
    return take(connection_.query(read_rows, params));
}

Result<std::vector<NumberedBatch>, StoreError> OutboxTable::read(std::int64_t after, std::int64_t limit) {
    return guarded([&] {
        Params params;
        params.int64(after).int64(limit);
        return take(connection_.query(read_rows, params));
    });
}

std::vector<NumberedBatch> OutboxTable::take(const SqlResult& rows) {
    std::vector<NumberedBatch> batches;
    batches.reserve(static_cast<std::size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
        const auto changes = rows.bytes(row, 3);
        batches.push_back({rows.integer(row, 0), rows.integer(row, 1),
                           std::string(reinterpret_cast<const char*>(changes.data()), changes.size())});
        raise_head(head_, rows.integer(row, 1) + rows.integer(row, 2) - 1);
    }
    return batches;
}

void OutboxTable::make_ready() {
    if (connection_.ok()) return;
    connection_.reset();
    if (auto refusal = check_server(connection_)) {
        connection_.close();
        throw SqlError("25006", *refusal, true);
    }
}

// A number whose COMMIT got no answer is settled by the next call: the row says itself whether it has one.
StoreError OutboxTable::failed(const SqlError& error) noexcept {
    connection_.rollback();
    if (error.is("25006")) connection_.close();
    return to_store_error(error);
}

}  // namespace onhand::storage::postgres
