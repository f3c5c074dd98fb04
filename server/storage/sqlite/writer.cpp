#include "storage/sqlite/writer.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "base/log.hpp"

namespace onhand::storage::sqlite {

namespace {

// SQLite calls this after each commit with the number of pages in the log. It also replaces SQLite's own checkpoints.
int note_log_pages(void* log_pages, sqlite3*, const char*, int pages) {
    *static_cast<int*>(log_pages) = pages;
    return SQLITE_OK;
}

}  // namespace

Writer::Writer(Connection& connection, const RunSet& runs, LogGate& gate, const Limits& limits)
    : connection_(connection),
      gate_(gate),
      limits_(limits),
      orders_(connection),
      loader_(connection, orders_),
      batch_(connection, orders_),
      begin_(connection, "BEGIN IMMEDIATE"),
      commit_(connection, "COMMIT"),
      data_version_(connection, "PRAGMA data_version"),
      select_answer_(connection, "SELECT key, fingerprint, at, status, body FROM answer WHERE id = ?"),
      keys_(runs, std::min(KeyIndex::table_keys_default, limits.recent_keys / 4)) {
    sqlite3_wal_hook(connection_.handle(), note_log_pages, &log_pages_);
    head_ = read_head(connection_);
    next_answer_ = connection_.query_int("SELECT coalesce(max(id), 0) + 1 FROM answer");
    data_version_seen_ = connection_.query_int("PRAGMA data_version");
    read_known_keys();
}

void Writer::read_known_keys() {
    const RunPosition covered = keys_.covered();
    Statement orders(connection_, "SELECT seq, key FROM orders WHERE seq > ? AND key IS NOT NULL ORDER BY seq");
    for (auto row = orders.open(covered.seq); row.next();)
        keys_.insert(row.bytes<16>(1), {KeyTable::Source::order, row.integer(0)});
    Statement answers(connection_, "SELECT id, key FROM answer WHERE id > ? ORDER BY id");
    for (auto row = answers.open(covered.answer); row.next();)
        keys_.insert(row.bytes<16>(1), {KeyTable::Source::answer, row.integer(0)});
}

Result<Uuid, StoreError> Writer::prepare(domain::WorkingSet& set) {
    if (stopped_) return *stopped_;
    try {
        Transaction transaction(connection_, Transaction::Kind::read);
        const Uuid last = loader_.prepare(set);
        transaction.commit();
        return last;
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

Result<KnownKeys, StoreError> Writer::load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                                           domain::WorkingSet& set) {
    if (stopped_) return *stopped_;
    try {
        KnownKeys found;
        found.reserve(keys.size());
        for (const auto& key : keys) found.push_back(known_key(key));
        if (request.empty()) return found;
        // One transaction for all look-ups: one lock taken on the log instead of one a row.
        Transaction transaction(connection_, Transaction::Kind::read);
        loader_.load(request, set);
        transaction.commit();
        return found;
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

std::optional<KnownKey> Writer::known_key(const domain::KeyHash& key) {
    std::optional<KnownKey> known;
    if (key == domain::KeyHash{}) return known;
    keys_.find(
        key,
        [&](KeyTable::Place place) {
            known = read_known(key, place);
            return known.has_value();
        },
        [&](const RunInfo& stretch) {
            known = search_rows(key, stretch);
            return known.has_value();
        });
    return known;
}

// Looks through rows for a key: slow, until the run that should tell is made again.
std::optional<KnownKey> Writer::search_rows(const domain::KeyHash& key, const RunInfo& stretch) {
    Statement orders(connection_, "SELECT seq FROM orders WHERE seq > ? AND seq <= ? AND key = ?");
    if (auto row = orders.open(stretch.after.seq, stretch.last.seq, key); row.next())
        return read_known(key, {KeyTable::Source::order, row.integer(0)});
    Statement answers(connection_, "SELECT id FROM answer WHERE id > ? AND id <= ? AND key = ?");
    if (auto row = answers.open(stretch.after.answer, stretch.last.answer, key); row.next())
        return read_known(key, {KeyTable::Source::answer, row.integer(0)});
    return std::nullopt;
}

std::optional<KnownKey> Writer::read_known(const domain::KeyHash& key, KeyTable::Place place) {
    if (place.source == KeyTable::Source::order) {
        auto stored = orders_.by_seq(place.row);
        if (!stored) throw_corrupt("the order of a known key is gone");
        if (stored->key != key) return std::nullopt;
        return KnownKey{stored->fingerprint, domain::as_placed(stored->order)};
    }
    auto row = select_answer_.open(place.row);
    if (!row.next()) throw_corrupt("the answer of a known key is gone");
    if (row.bytes<16>(0) != key) return std::nullopt;
    const ByteView body = row.blob(4);
    domain::StoredAnswer answer;
    answer.key = key;
    answer.fingerprint = row.bytes<16>(1);
    answer.at = row.integer(2);
    answer.status = static_cast<std::int32_t>(row.integer(3));
    answer.body.assign(reinterpret_cast<const char*>(body.data()), body.size());
    return KnownKey{answer.fingerprint, std::move(answer)};
}

CommitResult Writer::commit(domain::Changes& changes) {
    if (changes.empty() && !stopped_) return {CommitStatus::committed, {}};
    if (file_lost_.load(std::memory_order_relaxed)) stop("the database file was moved or deleted while in use");
    if (!stopped_) checkpoint_when_long();
    if (stopped_) return {CommitStatus::not_committed, *stopped_};
    // As on a full disk: the keys cannot leave the memory for their runs.
    if (!keys_.has_room(limits_.recent_keys))
        return {CommitStatus::not_committed, {StoreErrc::full, "too many keys wait for runs, which cannot be written"}};
    domain::FeedSeq seq = head();
    for (auto& item : changes.items) domain::set_seq(item, ++seq);
    bool in_commit = false;
    try {
        begin_.run();
        check_sole_writer();
        batch_.write(changes, next_answer_);
        in_commit = true;
        commit_.run();
    } catch (const SqlError& error) {
        return failed(error, in_commit);
    }
    remember_keys(changes);
    next_answer_ += static_cast<std::int64_t>(changes.answers.size());
    head_.store(seq, std::memory_order_release);
    return {CommitStatus::committed, {}};
}

void Writer::check_sole_writer() {
    // The number changes when another connection wrote: what the engine holds in memory would then be stale.
    auto row = data_version_.open();
    if (row.next() && row.integer(0) != data_version_seen_) throw_corrupt("another program changed the database");
}

CommitResult Writer::failed(const SqlError& error, bool in_commit) {
    const StoreError told = to_store_error(error);
    const bool rolled_back = connection_.rollback() && !connection_.in_transaction();
    const bool corrupt = told.code == StoreErrc::corrupt;
    const bool io_failed = error.primary() == SQLITE_IOERR;
    const bool certain = rolled_back && !io_failed && !(corrupt && in_commit);
    if (!certain || corrupt) stop(told.detail);
    return {certain ? CommitStatus::not_committed : CommitStatus::unknown, told};
}

CommitStatus Writer::resolve(domain::Changes&) {
    // commit() answers unknown only where looking again proves nothing (see the header).
    return CommitStatus::unknown;
}

void Writer::remember_keys(const domain::Changes& changes) {
    for (const auto& item : changes.items) {
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (event && event->kind == domain::OrderEvent::Kind::placed)
            keys_.insert(event->key, {KeyTable::Source::order, event->seq});
    }
    std::int64_t id = next_answer_;
    for (const auto& answer : changes.answers) keys_.insert(answer.key, {KeyTable::Source::answer, id++});
}

void Writer::checkpoint_when_long() noexcept {
    // Before a batch, not after one: those who wait for the last batch are answered first.
    // SQLite begins the log anew once all of it was copied and no reader needs it. Where the log grows instead, each
    // commit has to wait for the file system to find room for it, and the next beginning for it to take the room back.
    // So it is copied at a moment without readers; when none comes in as many pages again, as far as they let it.
    if (log_pages_ < log_pages_copied_) log_pages_copied_ = 0;
    const int pages = log_pages_ - log_pages_copied_;
    if (pages < limits_.checkpoint_pages) return;
    if (gate_.try_close()) {
        checkpoint();
        gate_.open();
    } else if (pages >= 2 * limits_.checkpoint_pages) {
        checkpoint();
    }
}

// Passive: waits for nobody.
void Writer::checkpoint() noexcept {
    log_pages_copied_ = log_pages_;
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code == SQLITE_OK) shorten_log();
    if (code == SQLITE_OK || code == SQLITE_BUSY) return;
    const SqlError error = connection_.error();
    log::error("storage", std::string("checkpoint failed: ") + error.what());
    // The log still holds everything, so nothing is lost; but a device that fails to sync must not be trusted further.
    const int primary = error.primary();
    if (primary == SQLITE_IOERR || primary == SQLITE_CORRUPT) stop(std::string("checkpoint failed: ") + error.what());
}

// A log that was long once gives the disk back bit by bit: cutting 80 MB off at once kept a batch waiting for 50 ms.
void Writer::shorten_log() noexcept {
    constexpr std::int64_t step_bytes = 4'000'000;
    struct stat status{};
    const char* const path = sqlite3_filename_wal(sqlite3_db_filename(connection_.handle(), "main"));
    if (::stat(path, &status) != 0) return;
    const std::int64_t limit = std::max(limits_.log_bytes_kept, status.st_size - step_bytes);
    if (limit == log_size_limit_) return;
    try {
        connection_.execute(("PRAGMA journal_size_limit = " + std::to_string(limit)).c_str());
        log_size_limit_ = limit;
    } catch (const SqlError& error) {
        log::warn("storage", std::string("the log keeps its length: ") + error.what());
    }
}

void Writer::close() noexcept {
    if (!stopped_ && !connection_.in_transaction()) {
        sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
        return;
    }
    // The next start reads the log as the disk has it; closing must not copy it into the database before that.
    sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace onhand::storage::sqlite
