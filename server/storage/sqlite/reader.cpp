#include "storage/sqlite/reader.hpp"

#include <algorithm>

#include "storage/sqlite/row_stream.hpp"

namespace onhand::storage::sqlite {

namespace {

// Runs `body` and turns SQLite's failures into the port's.
template <class Value, class Body>
Result<Value, StoreError> guarded(Body&& body) {
    try {
        return body();
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

template <class Read, class Visit>
void visit_rows(Connection& connection, const std::string& sql, Read&& read, const Visit& visit) {
    if (!visit) return;
    Statement select(connection, sql);
    for (auto row = select.open(); row.next();) visit(read(row));
}

template <class Row, class Visit>
void visit_stream(RowStream<Row>& stream, const Visit& visit) {
    for (auto block = stream.take(); !block.empty(); block = stream.take())
        for (auto& row : block) visit(std::move(row));
}

std::string select_all(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

}  // namespace

Result<std::optional<domain::OrderRow>, StoreError> Reader::order(const Uuid& id) {
    return guarded<std::optional<domain::OrderRow>>([&]() -> std::optional<domain::OrderRow> {
        const auto session = pool_.borrow();
        Transaction transaction(session->main, Transaction::Kind::read);
        auto stored = session->orders.by_uuid(id);
        if (!stored) return std::nullopt;
        return domain::OrderRow{std::move(stored->order), stored->seq};
    });
}

Result<domain::OrderPage, StoreError> Reader::orders(const domain::OrderFilter& filter) {
    return guarded<domain::OrderPage>([&] { return query_orders(*pool_.borrow(), filter); });
}

Result<domain::MovementPage, StoreError> Reader::movements(const domain::MovementFilter& filter) {
    return guarded<domain::MovementPage>([&] { return query_movements(*pool_.borrow(), filter); });
}

Result<domain::FeedPage, StoreError> Reader::feed(domain::FeedSeq after, std::int64_t limit) {
    return guarded<domain::FeedPage>([&] {
        const auto session = pool_.borrow();
        Transaction transaction(session->main, Transaction::Kind::read);
        return query_feed(*session, after, limit);
    });
}

Result<std::vector<domain::Product>, StoreError> Reader::products(std::span<const domain::ProductId> ids) {
    return guarded<std::vector<domain::Product>>([&] {
        const auto session = pool_.borrow();
        Transaction transaction(session->main, Transaction::Kind::read);
        std::vector<domain::Product> products;
        products.reserve(ids.size());
        for (const auto id : ids) {
            auto row = session->products.open(domain::raw(id));
            if (row.next()) products.push_back(read_product(row));
        }
        return products;
    });
}

Result<std::vector<domain::Account>, StoreError> Reader::accounts(std::span<const domain::AccountId> ids) {
    return guarded<std::vector<domain::Account>>([&] {
        const auto session = pool_.borrow();
        Statement select(session->main, select_all(account_columns, "account WHERE id = ?"));
        std::vector<domain::Account> accounts;
        for (const auto id : ids) {
            auto row = select.open(domain::raw(id));
            if (row.next()) accounts.push_back(read_account(row));
        }
        return accounts;
    });
}

Result<std::optional<domain::Session>, StoreError> Reader::session(const domain::TokenHash& hash) {
    return guarded<std::optional<domain::Session>>([&]() -> std::optional<domain::Session> {
        const auto session = pool_.borrow();
        Statement select(session->main, select_all(session_columns, "session WHERE token_hash = ?"));
        auto row = select.open(hash);
        if (!row.next()) return std::nullopt;
        return read_session(row);
    });
}

namespace {

// The two large tables: each is decoded on a thread of its own, the levels ahead up to a bound while products are
// taken. `levels` sees the same moment as `main`.
void visit_stock(Connection& main, Connection& levels, const ReadStore::Visitor& visitor) {
    constexpr std::size_t product_blocks_max = 8;  // of RowStream::block_rows
    constexpr std::size_t level_blocks_max = 256;  // 19 MB
    const auto products_sql = select_all(product_columns, "product ORDER BY id");
    const auto levels_sql = select_all(level_columns, "level");
    if (!visitor.product || !visitor.level) {
        visit_rows(main, products_sql, read_product, visitor.product);
        visit_rows(main, levels_sql, read_level, visitor.level);
        return;
    }
    RowStream<domain::Product> product_rows(main, products_sql, read_product, product_blocks_max);
    RowStream<domain::StockLevel> level_rows(levels, levels_sql, read_level, level_blocks_max);
    visit_stream(product_rows, visitor.product);
    visit_stream(level_rows, visitor.level);
}

}  // namespace

Result<ReadStore::Moment, StoreError> Reader::visit_all(const Visitor& visitor) {
    return guarded<Moment>([&] {
        const auto session = pool_.borrow(false);
        const auto beside = pool_.borrow(false);
        Connection& main = session->main;
        for (;;) {
            const Transaction transaction(main, Transaction::Kind::read);
            const domain::FeedSeq head = session->read_head();
            const Transaction other(beside->main, Transaction::Kind::read);
            // Both see the same moment when nothing was committed between their first looks: every change of a product
            // or a level has a feed number.
            if (beside->read_head() != head) continue;
            visit_rows(main, select_all(location_columns, "location ORDER BY id"), read_location, visitor.location);
            visit_stock(main, beside->main, visitor);
            visit_rows(main, select_all(account_columns, "account ORDER BY id"), read_account, visitor.account);
            visit_rows(main, select_all(session_columns, "session"), read_session, visitor.session);
            return Moment{head, 0};
        }
    });
}

Result<void, StoreError> Reader::ping() {
    try {
        const auto session = pool_.borrow();
        session->read_head();
        return {};
    } catch (const SqlError& error) {
        return to_store_error(error);
    }
}

domain::FeedPage query_feed(ReadSession& session, domain::FeedSeq after, std::int64_t limit) {
    domain::FeedPage page;
    page.head = session.read_head();
    after = std::max<domain::FeedSeq>(after, 0);
    if (after >= page.head || limit <= 0) return page;
    const domain::FeedSeq last = after + std::min(limit, page.head - after);
    // The numbers are dense over the three tables, so each number of the range is the next row of exactly one of them.
    auto movements = session.movements_up.open(after, last);
    auto orders = session.orders_up.open(after, last);
    auto events = session.events_up.open(after, last);
    const auto next_of = [](Cursor& row) { return row.next() ? row.integer(0) : 0; };
    domain::FeedSeq movement = next_of(movements);
    domain::FeedSeq order = next_of(orders);
    domain::FeedSeq event = next_of(events);
    page.items.reserve(static_cast<std::size_t>(last - after));
    for (domain::FeedSeq seq = after + 1; seq <= last; ++seq) {
        if (seq == movement) {
            page.items.emplace_back(read_movement(movements));
            movement = next_of(movements);
        } else if (seq == order) {
            page.items.emplace_back(placed_event(session.orders.read(orders)));
            order = next_of(orders);
        } else if (seq == event) {
            page.items.push_back(read_event(events, session.orders));
            event = next_of(events);
        } else {
            throw_corrupt("the feed has a gap");
        }
    }
    return page;
}

}  // namespace onhand::storage::sqlite
