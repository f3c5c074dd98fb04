#include "storage/postgres/writer.hpp"

#include <algorithm>
#include <thread>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/load_sql.hpp"
#include "storage/postgres/settings.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr Statement commit_batch{"commit_batch", "COMMIT"};
// Ids rise along the feed of one instance, so the last rows hold about the greatest; ids of other instances are apart
// by chance anyway. Accounts are not in the feed.
constexpr Statement last_ids{"last_ids",
                             "(SELECT id FROM request_result WHERE id IS NOT NULL ORDER BY id DESC LIMIT 1) UNION ALL "
                             "(SELECT uuid FROM account ORDER BY uuid DESC LIMIT 1)"};
constexpr Statement last_batch{"last_batch", "SELECT changes FROM outbox WHERE n > 0 ORDER BY id DESC LIMIT 1"};

constexpr std::chrono::milliseconds pause_min{20};
constexpr std::chrono::milliseconds pause_max{1000};

}  // namespace

Writer::Writer(ConnectOptions options, const std::atomic<domain::FeedSeq>& head, std::chrono::milliseconds patience)
    : head_(head), patience_(patience), connection_(std::move(options)), loader_(connection_, names_) {
    check_new_connection();
}

// A connection that works and has no transaction, made anew when it was lost. Throws SqlError.
void Writer::make_ready() {
    if (connection_.ok()) return;
    batch_ = {};
    connection_.reset();
    // Perhaps to another server, after a fail-over that lost its last rows.
    names_.clear();
    check_new_connection();
    log::info("storage", "connected to PostgreSQL again");
}

// After the connection was lost. False when there is no new one.
bool Writer::make_ready_again() noexcept {
    try {
        make_ready();
        return true;
    } catch (const SqlError&) {
        return false;
    }
}

void Writer::check_new_connection() {
    if (auto refusal = check_server(connection_)) {
        connection_.close();
        throw SqlError("25006", *refusal, true);
    }
    session_ = session_of(connection_);
}

// Rolls back what is open. The connection can be used again or is closed.
void Writer::end_batch() noexcept {
    if (batch_.begun) connection_.rollback();
    batch_ = {};
}

StoreError Writer::failed(const SqlError& error) noexcept {
    end_batch();
    // A server that became a standby stays one; another address of the URL may lead to the new primary.
    if (error.is("25006")) connection_.close();
    // Raised by the statements of batch_sql.hpp when a row is not as it was read.
    if (error.is("22012")) return {StoreErrc::conflict, "a row changed although it was locked"};
    return to_store_error(error);
}

Result<Uuid, StoreError> Writer::prepare(domain::WorkingSet&) {
    // Numbers are reserved by load() and counts are set there, so there is nothing to do after a set was cleared.
    try {
        make_ready();
        if (!last_id_) last_id_ = read_last_id();
        return *last_id_;
    } catch (const SqlError& error) {
        return failed(error);
    } catch (const CorruptRow& error) {
        end_batch();
        return to_store_error(error);
    }
}

Uuid Writer::read_last_id() {
    const SqlResult rows = connection_.query(last_ids);
    Uuid last;
    for (int row = 0; row < rows.rows(); ++row) last = std::max(last, rows.uuid(row, 0));
    const SqlResult batch = connection_.query(last_batch);
    if (batch.empty()) return last;
    const auto news = domain::decode_batch(batch.text(0, 0), 1);
    if (!news) throw_corrupt("the last batch of the outbox cannot be read");
    for (const auto& item : news->items)
        if (const auto* movement = std::get_if<domain::Movement>(&item))
            last = std::max({last, movement->id, movement->cause.id});
    return last;
}

KnownKeys Writer::load_rows(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                            domain::WorkingSet& set) {
    auto known = loader_.load(keys, request, set, batch_, fence_);
    last_fence_ = batch_.stamp.fence;
    return known;
}

Result<KnownKeys, StoreError> Writer::load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                                           domain::WorkingSet& set) {
    const bool is_first = !batch_.begun;
    try {
        if (is_first) make_ready();
        return load_rows(keys, request, set);
    } catch (const SqlError& error) {
        // The session may have ended since the last batch. Nothing was given out or written yet: once more, on a new
        // one.
        if (!is_first || !error.connection_lost() || !make_ready_again()) return failed(error);
    } catch (const CorruptRow& error) {
        end_batch();
        return to_store_error(error);
    }
    try {
        return load_rows(keys, request, set);
    } catch (const SqlError& error) {
        return failed(error);
    } catch (const CorruptRow& error) {
        end_batch();
        return to_store_error(error);
    }
}

// `send` sends the batch with COMMIT behind it. Until it returns nothing can have been committed; after that only an
// answer tells, and where none comes, what `trace` names is looked for later.
template <class Send, class Trace>
CommitResult Writer::end_with_commit(domain::NumberSource* numbers, const Send& send, const Trace& trace) {
    bool commit_sent = false;
    try {
        send();
        commit_sent = true;
        read_batch_results(numbers);
        batch_ = {};
        return {CommitStatus::committed, {}};
    } catch (const SqlError& error) {
        if (commit_sent && error.connection_lost()) {
            trace_ = trace();
            end_batch();
            return {CommitStatus::unknown, to_store_error(error)};
        }
        return {CommitStatus::not_committed, failed(error)};
    }
}

CommitResult Writer::commit(domain::Changes& changes) {
    if (changes.empty()) {
        end_batch();
        return {CommitStatus::committed, {}};
    }
    const auto send = [&] {
        if (!batch_.begun) {
            make_ready();
            loader_.open(batch_, fence_);
        }
        send_batch(changes);
    };
    return end_with_commit(nullptr, send,
                           [&] { return trace_of(changes, batch_.stamp, batch_writer_.outbox_bytes()); });
}

// Everything is on its way with COMMIT behind it only once this returns; when it throws, COMMIT was not sent.
void Writer::send_batch(const domain::Changes& changes) {
    batch_writer_.send(connection_, changes, batch_.stamp, batch_.levels, &batch_.orders);
    connection_.send(commit_batch);
}

// The order numbers of later batches, if any, are drawn last.
void Writer::read_batch_results(domain::NumberSource* numbers) {
    connection_.sync();
    while (connection_.expected() > 2) connection_.next_result();
    const SqlResult last = connection_.next_result();
    for (int row = 0; numbers != nullptr && row < last.rows(); ++row) numbers->reserve(last.integer(row, 0));
    const SqlResult done = connection_.next_result();
    if (done.command_tag() != "COMMIT") throw SqlError("25P02", "the transaction was rolled back", false);
}

CommitResult Writer::commit_presumed(domain::Changes& changes, const Presumption& rows, std::size_t more_numbers,
                                     domain::WorkingSet& set) {
    ensure(!batch_.begun, "a batch is loaded or presumed");
    ensure(changes.levels.size() == rows.levels.size(), "a presumed batch changes every level it was judged on");
    const auto send = [&] {
        make_ready();
        send_presumed(changes, rows, more_numbers);
    };
    return end_with_commit(more_numbers > 0 ? &set.sequences.order_number : nullptr, send,
                           [&] { return trace_of(changes, session_); });
}

// As send_batch(), with BEGIN.
void Writer::send_presumed(const domain::Changes& changes, const Presumption& rows, std::size_t more_numbers) {
    // Without a lock: the one drawn last under row locks, which is above those of all rows that are known from then.
    batch_.stamp.fence = fence_ > 0 ? fence_ : last_fence_;
    for (const auto& [key, version] : rows.levels) batch_.levels.emplace(key, version);
    connection_.send_begin();
    batch_.begun = true;
    batch_writer_.send_presumed(connection_, changes, batch_.stamp, batch_.levels, rows);
    if (more_numbers > 0) {
        Params params;
        connection_.send(load_sql::draw_order_numbers, params.int64(static_cast<std::int64_t>(more_numbers)));
    }
    connection_.send(commit_batch);
}

void Writer::abandon() {
    end_batch();
}

CommitStatus Writer::resolve(domain::Changes&) {
    ensure(trace_.has_value(), "an unknown commit is resolved once");
    const CommitTrace trace = *std::exchange(trace_, std::nullopt);
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    auto pause = pause_min;
    while (true) {
        try {
            make_ready();
            const CommitStatus status = ask_outcome(connection_, trace);
            if (status != CommitStatus::unknown) return status;
        } catch (const SqlError& error) {
            log::warn("storage", std::string("asking for the outcome of a commit: ") + error.what());
        }
        if (std::chrono::steady_clock::now() + pause >= deadline) return CommitStatus::unknown;
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, pause_max);
    }
}

}  // namespace onhand::storage::postgres
