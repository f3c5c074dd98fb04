#include "storage/sqlite/sqlite_storage.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "base/log.hpp"
#include "storage/sqlite/derived_store.hpp"
#include "storage/sqlite/lock_file.hpp"
#include "storage/sqlite/mark_file.hpp"
#include "storage/sqlite/migrations.hpp"
#include "storage/sqlite/reader.hpp"
#include "storage/sqlite/verify.hpp"
#include "storage/sqlite/writer.hpp"

namespace onhand::storage::sqlite {

// In the order of building; destroyed in reverse.
struct SqliteStorage::Parts {
    explicit Parts(const SqliteOptions& chosen) : options(chosen), mark(chosen.path) {}

    const SqliteOptions options;
    const std::string derived_path = options.path + ".derived";
    const std::string runs_path = options.path + ".runs";
    LockFile lock;
    MarkFile mark;
    std::unique_ptr<Connection> connection;
    LogGate gate;
    std::unique_ptr<DerivedStore> derived;
    std::unique_ptr<Writer> writer;
    std::unique_ptr<Reader> reader;
    ino_t inode = 0;
    domain::FeedSeq marked = -1;  // the mark on disk; background thread, and the closing one after it

    void keep_mark();
};

namespace {

// The end of the feed that is looked at on every start; `verify` looks at all of it.
constexpr std::int64_t density_window = 10'000;

StoreError refused(std::string line) {
    return {StoreErrc::unavailable, std::move(line)};
}

std::optional<std::string> make_folder(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) return std::nullopt;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return std::nullopt;
    return "cannot make the folder " + folder.string() + ": " + error.message();
}

// Sets what durability and speed rest on, and reads back what must not be missed.
std::optional<std::string> apply_settings(Connection& connection, const SqliteOptions& options) {
    connection.set_busy_timeout(options.busy_ms);
    if (connection.query_text("PRAGMA journal_mode = WAL") != "wal")
        return "SQLite cannot use a write-ahead log at " + options.path;
    connection.execute(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536;"
        "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF; PRAGMA trusted_schema = OFF;"
        "PRAGMA mmap_size = 0;");
    constexpr std::int64_t synchronous_full = 2;
    if (connection.query_int("PRAGMA synchronous") != synchronous_full)
        return "SQLite did not accept synchronous = FULL, so commits would not be durable";
    if (options.page_count_max > 0) {
        const std::string limit = "PRAGMA max_page_count = " + std::to_string(options.page_count_max);
        connection.query_int(limit.c_str());
    }
    return std::nullopt;
}

// Accounts of what the database must have kept. Returns why it must not be used.
std::optional<std::string> compare_mark(Connection& connection, const MarkFile& mark) {
    const domain::FeedSeq head = read_head(connection);
    const MarkReading reading = mark.read();
    const std::string by_hand = "; restore a backup, or delete " + mark.path() + " to accept what is there";
    if (!reading.problem.empty()) return reading.problem + by_hand;
    if (reading.head && head < *reading.head)
        return "the database ends at " + std::to_string(head) + " but " + std::to_string(*reading.head) +
               " was acknowledged: the log lost its end" + by_hand;
    if (!reading.head && head > 0) log::warn("storage", "there is no mark file; the end of the log is not checked");
    return std::nullopt;
}

std::optional<std::string> check_density(Connection& connection) {
    const domain::FeedSeq head = read_head(connection);
    const domain::FeedSeq after = std::max<domain::FeedSeq>(0, head - density_window);
    Statement count(
        connection,
        "SELECT (SELECT count(*) FROM orders WHERE seq > ?1) + (SELECT count(*) FROM movement WHERE seq > ?1) "
        "+ (SELECT count(*) FROM event WHERE seq > ?1)");
    auto row = count.open(after);
    if (row.next() && row.integer(0) == head - after) return std::nullopt;
    return "the feed has a gap near its end; run verify";
}

void tidy(Connection& connection, UnixMillis now) {
    Statement stamp(connection, "UPDATE location SET created_at = ? WHERE id = 1 AND created_at = 0");
    stamp.run(now);
    Statement forget(connection, "DELETE FROM session WHERE expires_at < ?");
    forget.run(now);
}

ino_t inode_of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

// Background thread: moves the mark, and notices when the file is no longer the one that was opened.
void SqliteStorage::Parts::keep_mark() {
    if (inode_of(options.path) != inode) writer->file_lost();
    const domain::FeedSeq head = writer->head();
    if (head == marked) return;
    if (mark.write(head))
        marked = head;
    else
        log::error("storage", "cannot write the mark file " + mark.path());
}

SqliteStorage::SqliteStorage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<SqliteStorage>, StoreError> SqliteStorage::open(const SqliteOptions& options,
                                                                       const Clock& clock) {
    auto parts = std::make_unique<Parts>(options);
    if (auto why = make_folder(options.path)) return refused(*why);
    if (auto why = parts->lock.acquire(options.path)) return refused(*why);
    try {
        parts->connection = std::make_unique<Connection>(options.path, Connection::Mode::write);
        Connection& connection = *parts->connection;
        if (auto why = apply_settings(connection, options)) return refused(*why);
        if (auto why = migrate(connection, embedded_migrations(), clock.wall_ms())) return refused(*why);
        if (auto why = compare_mark(connection, parts->mark)) return StoreError{StoreErrc::corrupt, *why};
        if (auto why = check_density(connection)) return StoreError{StoreErrc::corrupt, *why};
        tidy(connection, clock.wall_ms());
        sync_folder_of(options.path);
        parts->inode = inode_of(options.path);
        DerivedStore::Settings settings{options.path, parts->derived_path, parts->runs_path, options.run_numbers};
        settings.gate = &parts->gate;
        parts->derived = std::make_unique<DerivedStore>(std::move(settings));
        if (options.background) parts->derived->catch_up_roughly();
        parts->writer = std::make_unique<Writer>(
            connection, parts->derived->runs(), parts->gate,
            Writer::Limits{options.checkpoint_pages, options.log_bytes_kept, options.recent_keys_max});
        parts->reader = std::make_unique<Reader>(options.path, parts->derived_path, parts->derived->lists(),
                                                 parts->gate, options.read_connections);
    } catch (const SqlError& error) {
        StoreError told = to_store_error(error);
        told.detail = "cannot open the database " + options.path + ": " + told.detail;
        return told;
    }
    if (options.background) {
        Parts* own = parts.get();
        parts->derived->start([own] { own->keep_mark(); });
    }
    return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(parts)));
}

SqliteStorage::~SqliteStorage() {
    parts_->derived->stop();
    if (!parts_->options.background) parts_->keep_mark();
    parts_->reader.reset();
    parts_->writer->close();
}

Store& SqliteStorage::store() {
    return *parts_->writer;
}

ReadStore& SqliteStorage::read_store() {
    return *parts_->reader;
}

void SqliteStorage::on_batch(const domain::FeedBatchPtr& batch) {
    parts_->derived->notify(batch->last());
}

std::vector<Check> SqliteStorage::verify() {
    return verify_database(parts_->options.path, parts_->derived_path, parts_->derived->runs().snapshot());
}

Result<void, StoreError> SqliteStorage::rebuild_derived() {
    try {
        parts_->derived->rebuild();
        return {};
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

Result<void, StoreError> SqliteStorage::catch_up_derived(domain::FeedSeq last) {
    try {
        parts_->derived->catch_up(last);
        parts_->derived->merge_all();
        parts_->derived->load_states();
        return {};
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

Result<void, StoreError> SqliteStorage::backup_to(const std::string& path) {
    return backup_database(parts_->options.path, path);
}

Result<void, StoreError> SqliteStorage::visit_answers(const std::function<void(domain::StoredAnswer&&)>& visit) {
    try {
        Connection connection(parts_->options.path, Connection::Mode::read);
        Statement select(connection, "SELECT key, fingerprint, at, status, body FROM answer ORDER BY id");
        for (auto row = select.open(); row.next();)
            visit({row.bytes<16>(0), row.bytes<16>(1), row.integer(2), static_cast<std::int32_t>(row.integer(3)),
                   row.string(4)});
        return {};
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

std::size_t SqliteStorage::known_keys() const {
    return parts_->writer->known_keys();
}

}  // namespace onhand::storage::sqlite
