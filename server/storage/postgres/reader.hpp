#pragma once
// The reading face on PostgreSQL: borrows a read connection for each call, reads in one moment (a repeatable read
// transaction) and translates failures. A lost connection is made anew and the call repeated once. The lists are in
// order_query.cpp and movement_query.cpp. Thread-safe.

#include "storage/postgres/read_pool.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// A list shows what is numbered. One that begins while the relay is behind waits for it this long at most.
inline constexpr std::chrono::milliseconds relay_wait_max{200};
inline constexpr std::chrono::milliseconds relay_poll{2};

// A total that nobody keeps is counted up to this, more or less; a list with more of them says about this number.
inline constexpr std::int64_t order_count_max = 1'000;

// The two lists, in the open transaction of `connection`. They throw SqlError and CorruptRow.
domain::OrderPage query_orders(Connection& connection, const domain::OrderFilter& filter);
domain::MovementPage query_movements(Connection& connection, const domain::MovementFilter& filter);
// The same for the feed: items with seq > after, at most `limit`.
domain::FeedPage query_feed(Connection& connection, domain::FeedSeq after, std::int64_t limit);
// As ReadStore::visit_all().
ReadStore::Moment visit_tables(Connection& connection, const ReadStore::Visitor& visitor);

class Reader final : public ReadStore {
  public:
    // At most `connections` at a time, made when they are needed. The database is migrated.
    Reader(ConnectOptions options, int connections, std::chrono::milliseconds relay_wait = relay_wait_max)
        : pool_(std::move(options), connections), relay_wait_(relay_wait) {}

    Result<std::optional<domain::OrderRow>, StoreError> order(const Uuid& id) override;
    Result<domain::OrderPage, StoreError> orders(const domain::OrderFilter& filter) override;
    Result<domain::MovementPage, StoreError> movements(const domain::MovementFilter& filter) override;
    Result<domain::FeedPage, StoreError> feed(domain::FeedSeq after, std::int64_t limit) override;
    Result<std::vector<domain::Product>, StoreError> products(std::span<const domain::ProductId> ids) override;
    Result<std::vector<domain::Account>, StoreError> accounts(std::span<const domain::AccountId> ids) override;
    Result<std::optional<domain::Session>, StoreError> session(const domain::TokenHash& hash) override;
    Result<Moment, StoreError> visit_all(const Visitor& visitor) override;
    Result<void, StoreError> ping() override;

  private:
    // Runs `body(connection)` on a borrowed connection and turns failures into the port's.
    template <class Value, class Body>
    Result<Value, StoreError> guarded(Body&& body);

    // Waits until the relay has numbered every batch that is committed now, within relay_wait_. Outside a transaction.
    void wait_for_relay(Connection& connection) const;
    void wait_for_batch(Connection& connection, std::int64_t last) const;

    ReadPool pool_;
    std::chrono::milliseconds relay_wait_;
};

}  // namespace onhand::storage::postgres
