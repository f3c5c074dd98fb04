#pragma once
// After the connection was lost while a COMMIT was on its way: finds out whether the transaction holds. Used by the
// writer, on the lane thread. Decides only on what the database says; never runs a batch again.

#include <chrono>
#include <optional>
#include <string>

#include "storage/postgres/batch_writer.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// A session of the server, so that no other one can be meant.
struct SessionName {
    std::int32_t pid = 0;
    std::int64_t started_us = 0;
};

// What a committed transaction would have left behind, noted before its COMMIT was sent.
struct CommitTrace {
    std::int64_t xid = 0;  // 0: not known; then the session and an order are
    std::int64_t batch = 0;
    std::string outbox_bytes;                    // empty: no row in the outbox; then there is a key
    std::optional<domain::StoredAnswer> answer;  // one of its answers, without the body
    SessionName session;
    Uuid order;  // one that it placed; ids are never used twice
};

// Of this connection. Throws SqlError.
SessionName session_of(Connection& connection);

CommitTrace trace_of(const domain::Changes& changes, const BatchStamp& stamp, const std::string& outbox_bytes);
// Of a transaction whose number nobody knows: it ends with its session. `changes` places an order.
CommitTrace trace_of(const domain::Changes& changes, const SessionName& session);

// Asks once, on a connection that works. `unknown`: the server still works on the transaction; its session was told
// to end, so asking again soon will tell. Throws SqlError.
CommitStatus ask_outcome(Connection& connection, const CommitTrace& trace);

}  // namespace onhand::storage::postgres
