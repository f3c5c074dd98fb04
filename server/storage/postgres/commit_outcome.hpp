#pragma once
// After the connection was lost while a COMMIT was on its way: finds out whether the transaction holds. Used by the
// writer, on the lane thread. Decides only on what the database says; never runs a batch again.

#include <chrono>
#include <optional>
#include <string>

#include "storage/postgres/batch_writer.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// What a committed transaction would have left behind, noted before its COMMIT was sent.
struct CommitTrace {
    std::int64_t xid = 0;
    std::int64_t batch = 0;
    std::string outbox_bytes;                    // empty: no row in the outbox; then there is a key
    std::optional<domain::StoredAnswer> answer;  // one of its answers, without the body
};

CommitTrace trace_of(const domain::Changes& changes, const BatchStamp& stamp, const std::string& outbox_bytes);

// Asks once, on a connection that works. `unknown`: the server still works on the transaction; its session was told
// to end, so asking again soon will tell. Throws SqlError.
CommitStatus ask_outcome(Connection& connection, const CommitTrace& trace);

}  // namespace onhand::storage::postgres
