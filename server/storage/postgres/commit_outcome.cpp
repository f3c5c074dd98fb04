#include "storage/postgres/commit_outcome.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr Statement status_of_transaction{"status_of_transaction", "SELECT pg_xact_status($1::bigint::text::xid8)"};
// By its transaction, so that no other session can be meant.
constexpr Statement end_session{
    "end_session",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = ($1::bigint::text::xid8)::xid"};
constexpr Statement find_outbox_row{"find_outbox_row", "SELECT id FROM outbox WHERE id = $1 AND changes = $2"};
constexpr Statement find_key{"find_key",
                             "SELECT key FROM request_result WHERE key = $1 AND fingerprint = $2 AND at = $3"};

// "committed", "aborted" or "in progress"; empty when the server does not know the transaction.
std::string ask_status(Connection& connection, std::int64_t xid) {
    Params params;
    params.int64(xid);
    try {
        return connection.query(status_of_transaction, params).string(0, 0);
    } catch (const SqlError& error) {
        // "transaction ID is in the future": the server lost its end, as after a fail-over.
        if (error.is("22023")) return {};
        throw;
    }
}

bool has_traces(Connection& connection, const CommitTrace& trace) {
    Params params;
    if (!trace.outbox_bytes.empty()) {
        params.int64(trace.batch).bytes(trace.outbox_bytes);
        return !connection.query(find_outbox_row, params).empty();
    }
    if (!trace.answer) return false;
    params.uuid(Uuid{trace.answer->key}).uuid(Uuid{trace.answer->fingerprint}).int64(trace.answer->at);
    return !connection.query(find_key, params).empty();
}

}  // namespace

CommitTrace trace_of(const domain::Changes& changes, const BatchStamp& stamp, const std::string& outbox_bytes) {
    CommitTrace trace{stamp.xid, stamp.batch, outbox_bytes, std::nullopt};
    if (!changes.answers.empty()) {
        const auto& answer = changes.answers.front();
        trace.answer = {answer.key, answer.fingerprint, answer.at, answer.status, {}};
    }
    return trace;
}

CommitStatus ask_outcome(Connection& connection, const CommitTrace& trace) {
    const std::string status = ask_status(connection, trace.xid);
    if (status == "aborted") return CommitStatus::not_committed;
    if (status == "in progress") {
        Params params;
        params.int64(trace.xid);
        connection.query(end_session, params);
        return CommitStatus::unknown;
    }
    // Another server may have given the number to another transaction, so "committed" is not enough. The rows are
    // looked for after the status was read: what was committed then is seen now.
    return has_traces(connection, trace) ? CommitStatus::committed : CommitStatus::not_committed;
}

}  // namespace onhand::storage::postgres
