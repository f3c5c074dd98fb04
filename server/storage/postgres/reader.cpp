#include "storage/postgres/reader.hpp"

#include <algorithm>
#include <thread>
#include <unordered_map>

#include "base/log.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/rows.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr int attempts_max = 2;

// Statements are put together from the column lists once.
std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

const std::string order_sql =
    select(order_columns, "request_result o LEFT JOIN outbox b ON b.id = o.batch WHERE o.id = $1")
        .insert(7 + std::char_traits<char>::length(order_columns), ", b.first_seq + o.place, o.batch");
const std::string products_sql = select(product_columns, "product WHERE id = ANY ($1)");
const std::string accounts_sql = select(account_columns, "account WHERE id = ANY ($1)");
const std::string session_sql = select(session_columns, "session WHERE token_hash = $1");

const Statement select_order{"read_order", order_sql.c_str()};
const Statement select_products{"read_products", products_sql.c_str()};
const Statement select_accounts{"read_accounts", accounts_sql.c_str()};
const Statement select_session{"read_session", session_sql.c_str()};
constexpr Statement select_head{"read_head", "SELECT seq, batch FROM feed_head"};
constexpr Statement last_waiting{"last_waiting", "SELECT max(id) FROM outbox WHERE number IS NULL"};
constexpr Statement any_waiting{"any_waiting",
                                "SELECT EXISTS (SELECT 1 FROM outbox WHERE number IS NULL AND id <= $1)"};
// The batches that hold items with $1 < number <= $2. Those before the first of them end before it.
constexpr Statement select_batches{
    "read_batches",
    "SELECT first_seq, n, changes FROM outbox WHERE number IS NOT NULL AND n > 0 AND first_seq <= $2 AND first_seq >= "
    "(SELECT coalesce(max(first_seq), 0) FROM outbox WHERE number IS NOT NULL AND first_seq <= $1 + 1) "
    "ORDER BY first_seq"};

// One statement in a transaction of its own, in one round trip.
SqlResult read_once(Connection& connection, const Statement& statement, const Params& params) {
    static constexpr Statement end{"end_reading", "COMMIT"};
    connection.send_begin(Isolation::repeatable_read_only);
    connection.send(statement, params);
    connection.send(end);
    connection.sync();
    auto rows = connection.next_result();
    connection.next_result();
    return rows;
}

template <class Id>
Array ids_of(std::span<const Id> ids) {
    Array array(Type::int64);
    for (const auto id : ids) array.add(domain::raw(id));
    return array;
}

template <class Read, class Visit>
void visit_rows(Connection& connection, const std::string& sql, Read&& read, const Visit& visit) {
    if (!visit) return;
    Cursor cursor(connection, sql, Params{});
    while (cursor.next()) visit(read(cursor.result(), cursor.row()));
}

}  // namespace

void Reader::wait_for_relay(Connection& connection) const {
    const auto rows = connection.query(last_waiting);
    if (!rows.is_null(0, 0)) wait_for_batch(connection, rows.integer(0, 0));
}

// Until everything up to the outbox row `last` is numbered.
void Reader::wait_for_batch(Connection& connection, std::int64_t last) const {
    Params params;
    params.int64(last);
    for (auto waited = std::chrono::milliseconds(0); waited < relay_wait_; waited += relay_poll) {
        if (!connection.query(any_waiting, params).boolean(0, 0)) return;
        std::this_thread::sleep_for(relay_poll);
    }
    log::debug("postgres", "committed batches are not numbered in time; a list leaves them out");
}

template <class Value, class Body>
Result<Value, StoreError> Reader::guarded(Body&& body) {
    for (int attempt = 1;; ++attempt) {
        try {
            const auto lease = pool_.borrow();
            return body(*lease);
        } catch (const SqlError& error) {
            // A connection that was lost while nobody used it is found out only now.
            if (error.connection_lost()) pool_.distrust();
            if (!error.connection_lost() || attempt == attempts_max) return to_store_error(error);
        } catch (const CorruptRow& error) {
            return to_store_error(error);
        }
    }
}

namespace {

// The row as the order's transaction sees it; `waiting` is its batch when that has no number yet.
std::optional<domain::OrderRow> find_order(Connection& connection, const Uuid& id, std::int64_t& waiting) {
    connection.begin(Isolation::repeatable_read_only);
    Params params;
    const auto rows = connection.query(select_order, params.uuid(id));
    waiting = 0;
    if (rows.empty()) return std::nullopt;
    if (rows.is_null(0, order_column_count)) waiting = rows.integer(0, order_column_count + 1);
    return domain::OrderRow{read_order(rows, 0), rows.integer(0, order_column_count)};
}

}  // namespace

Result<std::optional<domain::OrderRow>, StoreError> Reader::order(const Uuid& id) {
    return guarded<std::optional<domain::OrderRow>>([&](Connection& connection) {
        std::int64_t waiting = 0;
        auto found = find_order(connection, id, waiting);
        if (waiting == 0) return found;
        connection.rollback();
        wait_for_batch(connection, waiting);
        return find_order(connection, id, waiting);
    });
}

Result<domain::OrderPage, StoreError> Reader::orders(const domain::OrderFilter& filter) {
    return guarded<domain::OrderPage>([&](Connection& connection) {
        wait_for_relay(connection);
        connection.begin(Isolation::repeatable_read_only);
        return query_orders(connection, filter);
    });
}

Result<domain::MovementPage, StoreError> Reader::movements(const domain::MovementFilter& filter) {
    return guarded<domain::MovementPage>([&](Connection& connection) {
        wait_for_relay(connection);
        connection.begin(Isolation::repeatable_read_only);
        return query_movements(connection, filter);
    });
}

Result<domain::FeedPage, StoreError> Reader::feed(domain::FeedSeq after, std::int64_t limit) {
    return guarded<domain::FeedPage>([&](Connection& connection) {
        connection.begin(Isolation::repeatable_read_only);
        return query_feed(connection, after, limit);
    });
}

domain::FeedPage query_feed(Connection& connection, domain::FeedSeq after, std::int64_t limit) {
    domain::FeedPage page;
    page.head = connection.query(select_head).integer(0, 0);
    after = std::max<domain::FeedSeq>(after, 0);
    if (after >= page.head || limit <= 0) return page;
    const domain::FeedSeq last = after + std::min(limit, page.head - after);
    Params params;
    const auto rows = connection.query(select_batches, params.int64(after).int64(last));
    page.items.reserve(static_cast<std::size_t>(last - after));
    for (int row = 0; row < rows.rows(); ++row) {
        auto batch = domain::decode_batch(rows.text(row, 2), rows.integer(row, 0));
        if (!batch || static_cast<std::int64_t>(batch->items.size()) != rows.integer(row, 1))
            throw_corrupt("a batch of the outbox cannot be read");
        for (auto& item : batch->items) {
            const auto seq = domain::seq_of(item);
            if (seq <= after || seq > last) continue;
            if (seq != after + 1 + static_cast<domain::FeedSeq>(page.items.size())) throw_corrupt("the feed has a gap");
            page.items.push_back(std::move(item));
        }
    }
    if (static_cast<domain::FeedSeq>(page.items.size()) != last - after) throw_corrupt("the feed has a gap");
    return page;
}

Result<std::vector<domain::Product>, StoreError> Reader::products(std::span<const domain::ProductId> ids) {
    return guarded<std::vector<domain::Product>>([&](Connection& connection) {
        const auto wanted = ids_of(ids);
        Params params;
        const auto rows = read_once(connection, select_products, params.array(wanted));
        std::unordered_map<std::int64_t, int> row_of;
        for (int row = 0; row < rows.rows(); ++row) row_of[rows.integer(row, 0)] = row;
        std::vector<domain::Product> products;
        products.reserve(ids.size());
        for (const auto id : ids)
            if (const auto found = row_of.find(domain::raw(id)); found != row_of.end())
                products.push_back(read_product(rows, found->second));
        return products;
    });
}

Result<std::vector<domain::Account>, StoreError> Reader::accounts(std::span<const domain::AccountId> ids) {
    return guarded<std::vector<domain::Account>>([&](Connection& connection) {
        const auto wanted = ids_of(ids);
        Params params;
        const auto rows = read_once(connection, select_accounts, params.array(wanted));
        std::vector<domain::Account> accounts;
        for (int row = 0; row < rows.rows(); ++row) accounts.push_back(read_account(rows, row));
        return accounts;
    });
}

Result<std::optional<domain::Session>, StoreError> Reader::session(const domain::TokenHash& hash) {
    using Found = std::optional<domain::Session>;
    return guarded<Found>([&](Connection& connection) -> Found {
        Params params;
        const auto rows = read_once(connection, select_session, params.bytes(hash));
        if (rows.empty()) return std::nullopt;
        return read_session(rows, 0);
    });
}

ReadStore::Moment visit_tables(Connection& connection, const ReadStore::Visitor& visitor) {
    const auto head = connection.query(select_head);
    visit_rows(connection, select(location_columns, "location ORDER BY id"), read_location, visitor.location);
    visit_rows(connection, select(product_columns, "product ORDER BY id"), read_product, visitor.product);
    visit_rows(connection, select(level_columns, "stock_level"), read_level, visitor.level);
    visit_rows(connection, select(account_columns, "account ORDER BY id"), read_account, visitor.account);
    visit_rows(connection, select(session_columns, "session"), read_session, visitor.session);
    return {head.integer(0, 0), head.integer(0, 1)};
}

Result<ReadStore::Moment, StoreError> Reader::visit_all(const Visitor& visitor) {
    bool visited = false;
    return guarded<Moment>([&](Connection& connection) {
        // A visitor cannot be told to forget what it saw, so there is no second attempt after the first row.
        if (visited) throw SqlError("", "the connection was lost while whole tables were read", false);
        connection.begin(Isolation::repeatable_read_only);
        visited = true;
        return visit_tables(connection, visitor);
    });
}

Result<void, StoreError> Reader::ping() {
    const auto head = guarded<bool>([](Connection& connection) { return !connection.query(select_head).empty(); });
    if (head.has_error()) return head.error();
    return {};
}

}  // namespace onhand::storage::postgres
