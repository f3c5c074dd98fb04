#include "storage/postgres/import.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/ensure.hpp"
#include "storage/postgres/batch_writer.hpp"
#include "storage/postgres/migrations.hpp"
#include "storage/postgres/reader.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/settings.hpp"
#include "storage/postgres/verify.hpp"

namespace onhand::storage::postgres {

namespace {

// Counting and checking whole tables is one statement each.
constexpr std::chrono::minutes statement_wait{30};
constexpr std::size_t accounts_at_once = 256;

constexpr Statement lock_tables{
    "import_lock",
    "LOCK TABLE store, product, location, account, request_result, outbox, movement, session "
    "IN SHARE ROW EXCLUSIVE MODE"};
constexpr Statement count_instances{
    "import_instances",
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'onhand%' AND "
    "pid <> pg_backend_pid()"};
constexpr Statement is_empty{
    "import_empty",
    "SELECT (SELECT seq = 0 AND batch = 0 FROM feed_head) AND (SELECT count(*) = 1 FROM location) AND "
    "NOT EXISTS (SELECT 1 FROM product) AND NOT EXISTS (SELECT 1 FROM account) AND "
    "NOT EXISTS (SELECT 1 FROM outbox) AND NOT EXISTS (SELECT 1 FROM request_result) AND NOT EXISTS (SELECT 1 FROM "
    "movement)"};
constexpr Statement number_batch{"import_number", "UPDATE outbox SET number = id, first_seq = $2 WHERE id = $1"};
// In the order of level_columns, then the orders counted there.
constexpr Statement insert_levels{
    "import_levels",
    "INSERT INTO stock_level (product, location, on_hand, unavailable, held, allocated, incoming, version, updated_at, "
    "orders, fence) SELECT u.*, 0 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS u"};
constexpr std::size_t level_column_count = 10;
constexpr Statement move_head{
    "import_head",
    "UPDATE feed_head SET seq = $1, batch = $2, orders = (SELECT array_agg((SELECT count(*) FROM request_result r "
    "WHERE r.status = s) ORDER BY s) FROM generate_series(0, $3::integer - 1) AS s)"};
constexpr Statement set_main{"import_main",
                             "UPDATE location SET name = $1, version = $2, created_at = $3 WHERE id = 1"};
constexpr Statement set_sequences{
    "import_sequences",
    "SELECT setval('product_id', $1, false), setval('location_id', $2, false), setval('account_id', $3, false), "
    "setval('order_number', $4, false), setval('outbox_id_seq', $5, false)"};

StoreError refused(const std::string& why) {
    return {StoreErrc::unavailable, why};
}

}  // namespace

struct Import::Parts {
    explicit Parts(const ConnectOptions& options) : connection(options) {}

    Connection connection;
    BatchWriter writer;
    // The last state of every level, written at the end: each change made now would be one more dead version of the
    // row, which the next one in the same transaction had to walk past.
    std::unordered_map<domain::LevelKey, domain::StockLevel> levels;
    std::unordered_map<domain::LevelKey, std::int64_t> orders_at;  // stock_level.orders
    std::int64_t batch = 0;
    domain::FeedSeq head = 0;

    void note(const domain::FeedItem& item);
    // They throw SqlError.
    void write(const domain::Changes& changes);
    void write_levels();
    // Runs `body` and turns failures into the port's.
    template <class Value, class Body>
    Result<Value, StoreError> guarded(Body&& body);
};

template <class Value, class Body>
Result<Value, StoreError> Import::Parts::guarded(Body&& body) {
    try {
        return body();
    } catch (const SqlError& error) {
        connection.rollback();
        return to_store_error(error);
    } catch (const CorruptRow& error) {
        connection.rollback();
        return to_store_error(error);
    }
}

Import::Import(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Import::~Import() = default;

Result<std::unique_ptr<Import>, StoreError> Import::begin(const std::string& url, UnixMillis now) {
    const ConnectOptions options{.url = url,
                                 // Works through a pooler too.
                                 .prepared = false,
                                 .answer_timeout = statement_wait,
                                 .settings = {{"lock_timeout", "2000"},
                                              {"statement_timeout", "0"},
                                              {"idle_in_transaction_session_timeout", "0"}},
                                 .application_name = "onhand import"};
    try {
        auto parts = std::make_unique<Parts>(options);
        Connection& connection = parts->connection;
        if (auto why = check_server(connection)) return refused(*why);
        if (auto why = migrate(connection, embedded_migrations(), now)) return refused(*why);
        if (auto why = check_schema(connection)) return refused(*why);
        connection.begin(Isolation::read_committed);
        connection.query(lock_tables);
        if (connection.query(count_instances).integer(0, 0) > 0)
            return refused("another onhand is connected to the database; stop it first");
        if (!connection.query(is_empty).boolean(0, 0))
            return refused("the database is not empty; onhand only moves into an empty one");
        return std::unique_ptr<Import>(new Import(std::move(parts)));
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

void Import::Parts::note(const domain::FeedItem& item) {
    if (const auto* movement = std::get_if<domain::Movement>(&item)) levels[movement->after.key] = movement->after;
    const auto* event = std::get_if<domain::OrderEvent>(&item);
    if (!event || event->kind != domain::OrderEvent::Kind::placed) return;
    const auto& lines = event->order.lines;
    for (std::size_t at = 0; at < lines.size(); ++at)
        if (is_first_of_product(lines, at)) ++orders_at[lines[at].level];
}

void Import::Parts::write(const domain::Changes& changes) {
    ++batch;
    const bool in_outbox = writer.send(connection, changes, {.batch = batch}, LockedLevels{}, nullptr);
    Params params;
    if (in_outbox) connection.send(number_batch, params.int64(batch).int64(head + 1));
    connection.sync();
    while (connection.expected() > 0) connection.next_result();
    if (!in_outbox) --batch;
    head += static_cast<domain::FeedSeq>(changes.items.size());
}

void Import::Parts::write_levels() {
    std::vector<Array> columns(level_column_count, Array(Type::int64));
    for (const auto& [key, level] : levels) {
        const std::array values = {domain::raw(key.product),
                                   domain::raw(key.location),
                                   level.on_hand,
                                   level.unavailable,
                                   level.held,
                                   level.allocated,
                                   level.incoming,
                                   level.version,
                                   level.updated_at,
                                   orders_at[key]};
        for (std::size_t at = 0; at < values.size(); ++at) columns[at].add(values[at]);
    }
    Params params;
    for (const auto& column : columns) params.array(column);
    connection.query(insert_levels, params);
}

Result<void, StoreError> Import::add_accounts(std::span<const domain::Account> accounts,
                                              std::span<const domain::Session> sessions) {
    ensure(parts_->head == 0, "accounts come first");
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        for (std::size_t at = 0; at < accounts.size(); at += accounts_at_once) {
            const auto some = accounts.subspan(at, std::min(accounts_at_once, accounts.size() - at));
            domain::Changes changes;
            changes.accounts.assign(some.begin(), some.end());
            parts_->write(changes);
        }
        for (std::size_t at = 0; at < sessions.size(); at += accounts_at_once) {
            domain::Changes changes;
            for (const auto& session : sessions.subspan(at, std::min(accounts_at_once, sessions.size() - at)))
                changes.sessions.push_back({session, false});
            parts_->write(changes);
        }
        return {};
    });
}

Result<void, StoreError> Import::add_items(std::vector<domain::FeedItem> items) {
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        domain::Changes changes;
        changes.items = std::move(items);
        domain::FeedSeq expected = parts_->head;
        for (const auto& item : changes.items) {
            if (domain::seq_of(item) != ++expected) throw_corrupt("the feed has a gap");
            parts_->note(item);
        }
        if (!changes.items.empty()) parts_->write(changes);
        return {};
    });
}

Result<void, StoreError> Import::add_answers(std::vector<domain::StoredAnswer> answers) {
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        domain::Changes changes;
        changes.answers = std::move(answers);
        if (!changes.answers.empty()) parts_->write(changes);
        return {};
    });
}

void Import::add_untouched_levels(std::span<const domain::StockLevel> levels) {
    for (const auto& level : levels) {
        ensure(level.version == 0, "the feed tells of all other levels");
        parts_->levels.try_emplace(level.key, level);
    }
}

Result<void, StoreError> Import::finish(const domain::Location& main, const NextNumbers& next) {
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        Connection& connection = parts_->connection;
        parts_->write_levels();
        Params params;
        connection.query(set_main, params.text(main.name).int64(main.version).int64(main.created_at));
        connection.query(move_head, params.clear().int64(parts_->head).int64(parts_->batch).int32(order_states));
        params.clear().int64(next.product).int64(next.location).int64(next.account).int64(next.order);
        connection.query(set_sequences, params.int64(parts_->batch + 1));
        // What follows reads whole tables, and so will the first instance.
        connection.execute("ANALYZE");
        return {};
    });
}

Result<void, StoreError> Import::visit_all(const ReadStore::Visitor& visitor) {
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        visit_tables(parts_->connection, visitor);
        return {};
    });
}

Result<domain::FeedPage, StoreError> Import::feed(domain::FeedSeq after, std::int64_t limit) {
    return parts_->guarded<domain::FeedPage>([&] { return query_feed(parts_->connection, after, limit); });
}

Result<std::int64_t, StoreError> Import::count_orders(domain::OrderStatus status) {
    return parts_->guarded<std::int64_t>([&] {
        Params params;
        params.int16(static_cast<std::int16_t>(status));
        return parts_->connection.query_text("SELECT count(*) FROM request_result WHERE status = $1", params)
            .integer(0, 0);
    });
}

Result<std::int64_t, StoreError> Import::count_answers() {
    return parts_->guarded<std::int64_t>([&] {
        const std::string sql = "SELECT count(*) FROM request_result WHERE id IS NULL";
        return parts_->connection.query_text(sql, Params{}).integer(0, 0);
    });
}

std::vector<Check> Import::verify() {
    return verify_open_transaction(parts_->connection);
}

Result<void, StoreError> Import::commit() {
    return parts_->guarded<void>([&]() -> Result<void, StoreError> {
        parts_->connection.commit();
        return {};
    });
}

}  // namespace onhand::storage::postgres
