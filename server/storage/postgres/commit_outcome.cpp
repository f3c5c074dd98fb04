#include "storage/postgres/commit_outcome.hpp"

#include "base/ensure.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr Statement status_of_transaction{"status_of_transaction", "SELECT pg_xact_status($1::bigint::text::xid8)"};
// By its transaction, so that no other session can be meant.
constexpr Statement end_session{
    "end_session",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = ($1::bigint::text::xid8)::xid"};
constexpr Statement name_session{"name_session",
                                 "SELECT pid, (extract(epoch FROM backend_start) * 1000000)::bigint "
                                 "FROM pg_stat_activity WHERE pid = pg_backend_pid()"};
// A session leaves this view after its last transaction has ended.
constexpr Statement end_named_session{"end_named_session",
                                      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                      "WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2"};
constexpr Statement find_order{"find_order", "SELECT id FROM request_result WHERE id = $1"};
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

CommitStatus ask_outcome_of_session(Connection& connection, const CommitTrace& trace) {
    Params params;
    params.int32(trace.session.pid).int64(trace.session.started_us);
    if (!connection.query(end_named_session, params).empty()) return CommitStatus::unknown;
    // The session is gone, so nothing of it is under way any more. What it committed is seen from here on.
    params.clear().uuid(trace.order);
    return connection.query(find_order, params).empty() ? CommitStatus::not_committed : CommitStatus::committed;
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
    CommitTrace trace{stamp.xid, stamp.batch, outbox_bytes, std::nullopt, {}, {}};
    if (!changes.answers.empty()) {
        const auto& answer = changes.answers.front();
        trace.answer = {answer.key, answer.fingerprint, answer.at, answer.status, {}};
    }
    return trace;
}

CommitTrace trace_of(const domain::Changes& changes, const SessionName& session) {
    CommitTrace trace;
    trace.session = session;
    for (const auto& item : changes.items) {
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (event == nullptr || event->kind != domain::OrderEvent::Kind::placed) continue;
        trace.order = event->order.id;
        return trace;
    }
    ensure(false, "a presumed batch places an order");
    return trace;
}

SessionName session_of(Connection& connection) {
    const SqlResult row = connection.query(name_session);
    return {static_cast<std::int32_t>(row.integer(0, 0)), row.integer(0, 1)};
}

CommitStatus ask_outcome(Connection& connection, const CommitTrace& trace) {
    if (trace.xid == 0) return ask_outcome_of_session(connection, trace);
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
