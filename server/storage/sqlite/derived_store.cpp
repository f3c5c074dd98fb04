#include "storage/sqlite/derived_store.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "base/urgency.hpp"

namespace onhand::storage::sqlite {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr const char* derived_settings =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF;";

void remove_database(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix, ignored);
}

std::unique_ptr<Connection> open_derived(const std::string& path) {
    auto connection = std::make_unique<Connection>(path, Connection::Mode::write);
    if (connection->query_text("PRAGMA journal_mode = WAL") != "wal")
        throw SqlError(SQLITE_CANTOPEN, "the derived store cannot use a write-ahead log");
    connection->execute(derived_settings);
    return connection;
}

bool looks_sound(Connection& connection, const std::string& path, std::uintmax_t checked_bytes_max) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (error || bytes > checked_bytes_max) return !error;
    return connection.query_text("PRAGMA quick_check(1)") == "ok";
}

// True when the run tells of the past of this database.
bool fits(const RunInfo& info, DerivedSource& source, const DerivedIndex::DatabaseId& database) {
    const RunPosition head = source.head();
    if (info.database != database || info.last.seq > head.seq || info.last.answer > head.answer) return false;
    const RunAnchor now = source.anchor(info.last);
    return now.movement_seq == info.anchor.movement_seq && now.movement_id == info.anchor.movement_id &&
           now.answer == info.anchor.answer && now.answer_key == info.anchor.answer_key;
}

void append(RecentLists& recent, const ListAdditions& additions) {
    for (const auto& [list, number] : additions.numbers) recent.add(list, number);
    for (const auto& [key, place] : additions.keys) recent.add_key(key, place);
}

}  // namespace

DerivedStore::DerivedStore(Settings settings)
    : settings_(std::move(settings)),
      source_(settings_.main, settings_.gate),
      database_(source_.database_id()),
      runs_(settings_.runs, [this](const RunInfo& info) { return fits(info, source_, database_); }),
      lists_(runs_),
      recent_answers_(runs_.snapshot()->covered().answer) {
    open_or_remake();
    applied_ = std::min(index_->applied(), lists_.applied());
}

DerivedStore::~DerivedStore() {
    stop();
}

void DerivedStore::open_or_remake() {
    try {
        connection_ = open_derived(settings_.derived);
        const bool is_new = connection_->query_int("SELECT count(*) FROM sqlite_schema") == 0;
        if (is_new) DerivedIndex::create(*connection_, database_);
        if (looks_sound(*connection_, settings_.derived, settings_.checked_bytes_max) &&
            DerivedIndex::fits(*connection_, database_)) {
            index_ = std::make_unique<DerivedIndex>(*connection_);
            if (index_->applied() <= source_.head().seq) return;
        }
        log::warn("storage", "the derived store does not fit the database and is made again");
    } catch (const SqlError& error) {
        log::warn("storage", std::string("the derived store is made again: ") + error.what());
    }
    remake();
}

void DerivedStore::remake() {
    index_.reset();
    connection_.reset();
    remove_database(settings_.derived);
    connection_ = open_derived(settings_.derived);
    DerivedIndex::create(*connection_, database_);
    index_ = std::make_unique<DerivedIndex>(*connection_);
}

void DerivedStore::catch_up(domain::FeedSeq last) {
    const std::lock_guard lock(work_);
    const std::int64_t answers_covered = runs_.snapshot()->covered().answer;
    const bool answers_wait = source_.head().answer - answers_covered > run_answers();
    if (answers_wait && recent_answers_ == answers_covered) write_answer_run();
    for (domain::FeedSeq done = applied(); done < last;) {
        // A run that could not be written is tried again before more is collected for it.
        if (run_is_due()) write_run();
        const domain::FeedSeq next = std::min({last, done + stretch_max, run_end_after(done)});
        apply_stretch(done, next);
        done = next;
        applied_.store(done, std::memory_order_release);
        if (run_is_due()) write_run();
    }
}

bool DerivedStore::run_is_due() const {
    const domain::FeedSeq applied = lists_.applied();
    return applied % settings_.run_numbers == 0 && applied > runs_.snapshot()->covered().seq;
}

void DerivedStore::apply_stretch(domain::FeedSeq done, domain::FeedSeq next) {
    // What a failed stretch left behind would be written twice.
    index_->discard();
    additions_.clear();
    // One of the two may be ahead, as after a crash or when it alone was made again.
    const bool wants_states = index_->applied() <= done;
    const bool wants_lists = lists_.applied() <= done;
    const domain::FeedSeq states_from = std::max(done, index_->applied());
    const domain::FeedSeq lists_from = std::max(done, lists_.applied());
    if (wants_states && wants_lists) {
        source_.collect(done, next, index_.get(), &additions_);
    } else {
        if (states_from < next) source_.collect(states_from, next, index_.get(), nullptr);
        if (lists_from < next) source_.collect(lists_from, next, nullptr, &additions_);
    }
    if (states_from < next) write_states(next);
    if (lists_from < next) lists_.change(next, [this](RecentLists& recent) { append(recent, additions_); });
}

void DerivedStore::write_states(domain::FeedSeq next) {
    // Before the file: what cannot be written is still right, and is collected again.
    lists_.states().apply(index_->new_orders(), index_->new_states(), next);
    try {
        index_->flush(next);
    } catch (const SqlError& error) {
        if (to_store_error(error).code == StoreErrc::corrupt) lists_.report_states_damaged();
        throw;
    }
}

void DerivedStore::load_states() {
    const std::lock_guard lock(work_);
    if (lists_.states().snapshot()) return;
    DerivedReader reader(settings_.derived);
    lists_.states().load(reader);
}

// Empties a damaged file in place, because readers have it open.
void DerivedStore::empty_states() {
    const std::lock_guard lock(work_);
    log::error("storage", "the derived store is damaged and is made again");
    lists_.states().drop();
    index_.reset();
    connection_->rollback();
    sqlite3* const handle = connection_->handle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_RESET_DATABASE, 1, nullptr);
    connection_->execute("VACUUM");
    sqlite3_db_config(handle, SQLITE_DBCONFIG_RESET_DATABASE, 0, nullptr);
    DerivedIndex::create(*connection_, database_);
    index_ = std::make_unique<DerivedIndex>(*connection_);
    applied_.store(0, std::memory_order_release);
}

RunInfo DerivedStore::info_of(const RunPosition& after, const RunPosition& last, DerivedSource& source) const {
    RunInfo info;
    info.database = database_;
    info.after = after;
    info.last = last;
    info.anchor = source.anchor(last);
    return info;
}

RunPtr DerivedStore::write_file(const RunInfo& info, const RecentLists& content) const {
    RunInfo counted = info;
    counted.keys = content.key_count();
    const std::string path = runs_.path_of(info.after, info.last);
    // Not synced: after a loss of power the last few runs may be missing, and are made again from the rows.
    RunWriter writer(path, counted, false);
    content.write(writer);
    writer.finish();
    return std::make_shared<const Run>(path);
}

// Writes the recent lists as a run, with the answers stored so far.
void DerivedStore::write_run() {
    additions_.clear();
    const std::int64_t answers = source_.head().answer;
    recent_answers_ = source_.collect_answers(recent_answers_, answers, run_answers(), additions_);
    lists_.change(lists_.applied(), [this](RecentLists& recent) { append(recent, additions_); });
    const RunPosition last{lists_.applied(), recent_answers_};
    auto run = write_file(info_of(runs_.snapshot()->covered(), last, source_), lists_.recent());
    RecentLists written;
    lists_.change(last.seq, [&](RecentLists& recent) {
        runs_.append(std::move(run));
        std::swap(recent, written);
    });
    wake_merging();
}

// Writes stored answers alone, without moving in the feed.
void DerivedStore::write_answer_run() {
    const RunPosition after = runs_.snapshot()->covered();
    additions_.clear();
    RunPosition last = after;
    last.answer = source_.collect_answers(after.answer, source_.head().answer, run_answers(), additions_);
    RecentLists content;
    append(content, additions_);
    auto run = write_file(info_of(after, last, source_), content);
    runs_.append(std::move(run));
    recent_answers_ = last.answer;
    wake_merging();
}

// With more than behind_max() to apply lists would be slow for long, and the table of recent keys large.
void DerivedStore::catch_up_roughly() {
    const domain::FeedSeq head = source_.head().seq;
    if (head - applied() <= behind_max()) return;
    log::warn("storage", "the lists are " + std::to_string(head - applied()) +
                             " changes behind; the start waits until they are made");
    while (head - applied() > behind_max()) {
        catch_up(std::min(head, applied() + 16 * settings_.run_numbers));
        merge_all();
    }
}

void DerivedStore::rebuild() {
    const std::lock_guard maintenance(maintenance_);
    {
        const std::lock_guard lock(work_);
        lists_.states().drop();
        index_->reset();
        const RunPosition covered = runs_.snapshot()->covered();
        recent_answers_ = covered.answer;
        lists_.change(covered.seq, [](RecentLists& recent) { recent = {}; });
        applied_.store(0, std::memory_order_release);
    }
    const auto now = runs_.snapshot();
    for (const auto& run : now->runs) heal(run);
    catch_up(source_.head().seq);
    wake_merging();
}

// Makes one run again from the rows, in pieces, and puts them in its place.
bool DerivedStore::heal(const RunPtr& run) {
    DerivedSource source(settings_.main, settings_.gate);
    const RunPosition last = run->info().last;
    std::vector<RunPtr> pieces;
    ListAdditions additions;
    for (RunPosition at = run->info().after; at != last;) {
        if (stopping_) return false;
        RunPosition next = at;
        RecentLists content;
        additions.clear();
        if (at.seq < last.seq) {
            next.seq = std::min(last.seq, run_end_after(at.seq));
            source.collect(at.seq, next.seq, nullptr, &additions);
        } else {
            next.answer = source.collect_answers(at.answer, last.answer, run_answers(), additions);
        }
        if (next == at) throw_corrupt("rows that a run knows are gone");
        append(content, additions);
        pieces.push_back(write_file(info_of(at, next, source), content));
        at = next;
    }
    runs_.replace(run, pieces);
    return true;
}

bool DerivedStore::merge_or_heal() {
    const std::lock_guard maintenance(maintenance_);
    const auto now = runs_.snapshot();
    for (const auto& run : now->runs) {
        if (!run->is_damaged()) continue;
        log::error("storage", "the run " + run->path() + " is damaged and is made again");
        return heal(run);
    }
    return runs_.merge_once([this] { return stopping_.load(std::memory_order_relaxed); });
}

void DerivedStore::merge_all() {
    while (merge_or_heal()) {
    }
}

void DerivedStore::start(std::function<void()> every_second) {
    every_second_ = std::move(every_second);
    target_ = source_.head().seq;
    thread_ = std::thread([this] { run(); });
    merge_thread_ = std::thread([this] { run_merging(); });
}

void DerivedStore::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    merge_due_.notify_one();
    if (thread_.joinable()) thread_.join();
    if (merge_thread_.joinable()) merge_thread_.join();
}

void DerivedStore::notify(domain::FeedSeq head) {
    // The order matters: either the thread, about to wait, sees the new target, or this sees that it waits.
    target_.store(head, std::memory_order_seq_cst);
    if (!waiting_.load(std::memory_order_seq_cst)) return;
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
}

// Waits until there is something to apply or `until` has come. False when the thread has to end.
bool DerivedStore::wait_for_work(SteadyClock::time_point until) {
    std::unique_lock lock(mutex_);
    waiting_.store(true, std::memory_order_seq_cst);
    wake_.wait_until(lock, until, [this] { return stopping_ || target_.load(std::memory_order_seq_cst) > applied(); });
    waiting_.store(false, std::memory_order_seq_cst);
    return !stopping_;
}

void DerivedStore::run() {
    name_thread("derived store");
    auto next_second = SteadyClock::now() + std::chrono::seconds(1);
    apply_quietly();
    while (wait_for_work(next_second)) {
        const bool second_is_over = SteadyClock::now() >= next_second;
        if (second_is_over || target_.load() > applied()) apply_quietly();
        if (second_is_over) {
            every_second_();
            const auto now = runs_.snapshot();
            const auto damaged = [](const RunPtr& run) { return run->is_damaged(); };
            if (std::any_of(now->runs.begin(), now->runs.end(), damaged)) wake_merging();
            next_second = SteadyClock::now() + std::chrono::seconds(1);
        }
        // Lets a stretch gather: one flush for many batches. While this waits, notify() costs nothing.
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::milliseconds(flush_interval_ms), [this] { return stopping_.load(); });
    }
    apply_quietly();
    every_second_();
}

void DerivedStore::apply_quietly() {
    try {
        if (lists_.take_states_damaged()) empty_states();
        load_states();
        catch_up(target_.load());
        failing_ = false;
    } catch (const SqlError& error) {
        // Lists stay right without it, only slower, because readers add from the main tables what it has not applied.
        if (!failing_) log::error("storage", std::string("the derived store does not follow: ") + error.what());
        failing_ = true;
    }
}

void DerivedStore::wake_merging() {
    {
        const std::lock_guard lock(mutex_);
        merge_asked_ = true;
    }
    merge_due_.notify_one();
}

void DerivedStore::run_merging() {
    name_thread("run merging");
    // Nobody waits for merging, so whoever answers requests goes first.
    step_back(background_nice);
    bool failing = false;
    while (true) {
        {
            std::unique_lock lock(mutex_);
            merge_due_.wait(lock, [this] { return stopping_ || merge_asked_; });
            if (stopping_) return;
            merge_asked_ = false;
        }
        try {
            while (!stopping_ && merge_or_heal()) {
            }
            failing = false;
        } catch (const SqlError& error) {
            if (!failing) log::error("storage", std::string("runs cannot be merged: ") + error.what());
            failing = true;
        }
    }
}

}  // namespace onhand::storage::sqlite
