#pragma once
// The outbox on PostgreSQL: numbers committed batches, and gives them out. One connection of its own; used by the relay
// thread of each instance. Numbering is single-flight over all instances by the lock of one row (feed_head), which a
// dead instance cannot keep.
//
// Rows are chosen by their state, never by a cursor, so a commit that comes late is numbered late and not lost. A
// product's batches get their numbers in the order of its versions: the id of an outbox row is drawn while the rows it
// tells of are locked, so of two batches on one product the later has the greater id and is never visible alone.

#include <atomic>

#include "storage/postgres/connection.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// Raises `head` to `seq` unless it is there already. Any thread.
void raise_head(std::atomic<domain::FeedSeq>& head, domain::FeedSeq seq);

class OutboxTable final : public Outbox {
  public:
    // Connects. Throws SqlError. `head` is raised to every number seen; it outlives the outbox.
    OutboxTable(ConnectOptions options, std::atomic<domain::FeedSeq>& head);

    Result<Step, StoreError> number(std::int64_t after, std::int64_t limit) override;
    Result<std::vector<NumberedBatch>, StoreError> read(std::int64_t after, std::int64_t limit) override;

  private:
    template <class Value, class Body>
    Result<Value, StoreError> guarded(Body&& body);
    void make_ready();
    Step number_waiting(std::int64_t after, std::int64_t limit);
    // Rows of: number, first_seq, n, changes. Raises the head.
    std::vector<NumberedBatch> take(const SqlResult& rows);
    StoreError failed(const SqlError& error) noexcept;

    std::atomic<domain::FeedSeq>& head_;
    Connection connection_;
};

}  // namespace onhand::storage::postgres
