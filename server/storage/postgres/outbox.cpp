#include "storage/postgres/outbox.hpp"

#include "storage/postgres/settings.hpp"

namespace onhand::storage::postgres {

namespace {

// Waits for an instance that is numbering at this moment: what was committed while it looked is for us to number. When
// nothing waits nothing is locked and nothing written, so that a look in vain costs no fsync; the setting tells the
// statements behind it, and ends with the transaction.
constexpr Statement lock_head{"lock_head",
                              "SELECT set_config('onhand.numbering', 'on', true) FROM feed_head WHERE id = 1 AND "
                              "EXISTS (SELECT FROM outbox WHERE number IS NULL) FOR UPDATE"};
// A statement of its own, so that its snapshot is taken after the lock was: it sees what the last holder numbered.
constexpr Statement number_rows{
    "number_rows",
    "WITH head AS (SELECT seq, batch FROM feed_head WHERE id = 1 AND "
    "current_setting('onhand.numbering', true) = 'on'), "
    "waiting AS (SELECT id, n FROM outbox WHERE number IS NULL ORDER BY id LIMIT $1), "
    "placed AS (SELECT id, row_number() OVER (ORDER BY id) AS place, sum(n) OVER (ORDER BY id) - n AS before "
    "FROM waiting), "
    "numbered AS (UPDATE outbox o SET number = head.batch + p.place, first_seq = head.seq + p.before + 1 "
    "FROM placed p, head WHERE o.id = p.id RETURNING o.number, o.first_seq + o.n - 1 AS last_seq, o.orders), "
    "summed AS (SELECT count(*) AS given, max(number) AS batch, max(last_seq) AS seq, "
    "coalesce(sum(orders[1]), 0) AS s1, coalesce(sum(orders[2]), 0) AS s2, coalesce(sum(orders[3]), 0) AS s3, "
    "coalesce(sum(orders[4]), 0) AS s4, coalesce(sum(orders[5]), 0) AS s5, coalesce(sum(orders[6]), 0) AS s6 "
    "FROM numbered) "
    "UPDATE feed_head f SET batch = s.batch, seq = s.seq, orders = ARRAY[f.orders[1] + s.s1, f.orders[2] + s.s2, "
    "f.orders[3] + s.s3, f.orders[4] + s.s4, f.orders[5] + s.s5, f.orders[6] + s.s6] FROM summed s "
    "WHERE f.id = 1 AND s.given > 0 RETURNING s.given, s.batch"};
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
template <class Value, class Body>
Result<Value, StoreError> OutboxTable::guarded(Body&& body) {
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

Result<Outbox::Step, StoreError> OutboxTable::number(std::int64_t after, std::int64_t limit) {
    return guarded<Step>([&] { return number_waiting(after, limit); });
}

// All of it is one round trip. The batches are read behind the COMMIT, and what is answered before it is small: an
// instance that is stopped in the middle keeps the lock no longer than the server needs.
Outbox::Step OutboxTable::number_waiting(std::int64_t after, std::int64_t limit) {
    connection_.send_begin();
    connection_.send(lock_head);
    Params params;
    connection_.send(number_rows, params.int64(limit));
    connection_.send(commit_numbers);
    connection_.send(read_rows, params.clear().int64(after).int64(limit));
    connection_.sync();
    connection_.next_result();
    const SqlResult numbered = connection_.next_result();
    if (connection_.next_result().command_tag() != "COMMIT")
        throw SqlError("25P02", "the transaction was rolled back", false);
    Step step;
    if (!numbered.empty()) {
        step.given = numbered.integer(0, 0);
        step.first_given = numbered.integer(0, 1) - step.given + 1;
    }
    step.batches = take(connection_.next_result());
    return step;
}

Result<std::vector<NumberedBatch>, StoreError> OutboxTable::read(std::int64_t after, std::int64_t limit) {
    return guarded<std::vector<NumberedBatch>>([&] {
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
