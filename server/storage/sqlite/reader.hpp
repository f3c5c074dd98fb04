#pragma once
// The reading face on SQLite: borrows a read session for each call and translates failures. The lists are in
// order_query.cpp and movement_query.cpp. Thread-safe.

#include "storage/sqlite/read_session.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::sqlite {

// The two lists, on a session of the caller. They throw SqlError.
domain::OrderPage query_orders(ReadSession& session, const domain::OrderFilter& filter);
domain::MovementPage query_movements(ReadSession& session, const domain::MovementFilter& filter);
// Feed items with seq > after, at most `limit`, as of the session's transaction.
domain::FeedPage query_feed(ReadSession& session, domain::FeedSeq after, std::int64_t limit);

class Reader final : public ReadStore {
  public:
    // The databases exist and are migrated; `lists` and `gate` outlive the reader. Throws SqlError.
    Reader(const std::string& path, const std::string& derived_path, const Lists& lists, LogGate& gate, int sessions)
        : pool_(path, derived_path, lists, gate, sessions) {}

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
    ReadPool pool_;
};

}  // namespace onhand::storage::sqlite
