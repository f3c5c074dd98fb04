#include "storage/postgres/postgres_storage.hpp"

#include <atomic>

#include "base/ensure.hpp"
#include "storage/postgres/migrations.hpp"
#include "storage/postgres/outbox.hpp"
#include "storage/postgres/reader.hpp"
#include "storage/postgres/server_wait.hpp"
#include "storage/postgres/settings.hpp"
#include "storage/postgres/verify.hpp"
#include "storage/postgres/writer.hpp"

namespace onhand::storage::postgres {

// In the order of building; destroyed in reverse.
struct PostgresStorage::Parts {
    explicit Parts(const PostgresOptions& chosen) : options(chosen) {}

    const PostgresOptions options;
    std::atomic<domain::FeedSeq> head{0};
    std::string database_id;
    std::vector<std::unique_ptr<Writer>> writers;
    std::unique_ptr<OutboxTable> outbox;
    std::unique_ptr<Reader> reader;
};

namespace {

// A migration may rewrite tables.
constexpr std::chrono::minutes migration_max{10};
constexpr Statement forget_sessions{"forget_sessions", "DELETE FROM session WHERE expires_at < $1"};
constexpr Statement select_head{"select_head", "SELECT seq FROM feed_head WHERE id = 1"};
constexpr Statement select_id{"select_id", "SELECT database_id::text FROM store"};

StoreError refused(std::string line) {
    return {StoreErrc::unavailable, std::move(line)};
}

ConnectOptions connect_options(const PostgresOptions& options, const char* name) {
    ConnectOptions connect;
    connect.url = options.url;
    connect.prepared = options.prepared;
    connect.connect_timeout = options.connect_timeout;
    connect.tcp_user_timeout = options.tcp_user_timeout;
    connect.application_name = name;
    return connect;
}

// Of the lanes and the relay. Their statements are look-ups and inserts by key, so the plans that are right for big
// tables are right always: planning anew, and for tables that happen to be small, would only cost time.
ConnectOptions write_options(const PostgresOptions& options, const char* name) {
    ConnectOptions connect = connect_options(options, name);
    connect.settings = {
        {"lock_timeout", std::to_string(options.lock_timeout.count())},
        {"statement_timeout", std::to_string(options.statement_timeout.count())},
        {"idle_in_transaction_session_timeout", std::to_string(options.idle_in_transaction_timeout.count())},
        {"plan_cache_mode", "force_generic_plan"},
        {"enable_seqscan", "off"},
        {"enable_hashjoin", "off"},
        {"enable_mergejoin", "off"},
        {"jit", "off"},
    };
    return connect;
}

// Returns why the database cannot be used; `head` becomes the highest feed number, `database_id` what the database is
// called.
std::optional<std::string> make_usable(const PostgresOptions& options, UnixMillis now, domain::FeedSeq& head,
                                       std::string& database_id) {
    ConnectOptions connect = connect_options(options, "onhand start");
    connect.answer_timeout = migration_max;
    Connection connection(std::move(connect));
    if (auto why = check_server(connection)) return why;
    if (auto why = migrate(connection, embedded_migrations(), now)) return why;
    if (auto why = check_schema(connection)) return why;
    Params params;
    params.int64(now);
    connection.query(forget_sessions, params);
    head = connection.query(select_head).integer(0, 0);
    database_id = connection.query(select_id).text(0, 0);
    return std::nullopt;
}

}  // namespace

PostgresStorage::PostgresStorage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

PostgresStorage::~PostgresStorage() = default;

Result<std::unique_ptr<PostgresStorage>, StoreError> PostgresStorage::open(const PostgresOptions& options,
                                                                           const Clock& clock) {
    ensure(options.lanes > 0 && options.read_connections > 0, "a store has lanes and readers");
    wait_for_server(options.url, options.connect_timeout, options.start_patience);
    auto parts = std::make_unique<Parts>(options);
    try {
        domain::FeedSeq head = 0;
        if (auto why = make_usable(options, clock.wall_ms(), head, parts->database_id)) return refused(*why);
        parts->head = head;
        for (int lane = 0; lane < options.lanes; ++lane)
            parts->writers.push_back(
                std::make_unique<Writer>(write_options(options, "onhand lane"), parts->head, options.outcome_patience));
        parts->outbox = std::make_unique<OutboxTable>(write_options(options, "onhand relay"), parts->head);
        parts->reader = std::make_unique<Reader>(connect_options(options, "onhand reader"), options.read_connections);
    } catch (const SqlError& error) {
        StoreError told = to_store_error(error);
        told.detail = "cannot open the PostgreSQL database: " + told.detail;
        return told;
    }
    return std::unique_ptr<PostgresStorage>(new PostgresStorage(std::move(parts)));
}

Store& PostgresStorage::store(int lane) {
    return *parts_->writers.at(static_cast<std::size_t>(lane));
}

ReadStore& PostgresStorage::read_store() {
    return *parts_->reader;
}

Outbox& PostgresStorage::outbox() {
    return *parts_->outbox;
}

const std::string& PostgresStorage::database_id() const {
    return parts_->database_id;
}

void PostgresStorage::saw_head(domain::FeedSeq seq) {
    raise_head(parts_->head, seq);
}

std::vector<Check> PostgresStorage::verify() {
    return verify_database(connect_options(parts_->options, "onhand verify"));
}

}  // namespace onhand::storage::postgres
