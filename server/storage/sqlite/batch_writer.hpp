#pragma once
// Writes the changes of one batch inside a transaction that the caller has begun: feed items in their order, then
// levels, accounts, sessions and answers. Prepared once, used for every batch; lane thread only. Decides nothing and
// commits nothing; throws SqlError, after which the caller rolls back.

#include <unordered_map>

#include "domain/changes.hpp"
#include "storage/sqlite/rows.hpp"

namespace onhand::storage::sqlite {

class BatchWriter {
  public:
    // `orders` finds the rows of orders that change; it shares the connection.
    BatchWriter(Connection& connection, OrderLookup& orders);

    // Items must carry their feed numbers. `first_answer` is the row id of the first of changes.answers.
    void write(const domain::Changes& changes, std::int64_t first_answer);

  private:
    // Where an order of this batch is and which event came last: several events may hit one order.
    struct OrderPlace {
        domain::FeedSeq seq = 0;
        domain::FeedSeq last_event = 0;
    };

    void write_item(const domain::Movement& movement);
    void write_item(const domain::OrderEvent& event);
    void write_item(const domain::ProductEvent& event);
    void write_item(const domain::LocationEvent& event);
    void write_placed(const domain::OrderEvent& event);
    void write_changed(const domain::OrderEvent& event);
    OrderPlace& place_of(const Uuid& order);
    void write_levels(const domain::Changes& changes);
    void write_account(const domain::Account& account);
    void write_session(const domain::SessionChange& change);

    OrderLookup& orders_;
    Statement insert_movement_;
    Statement insert_order_;
    Statement update_order_;
    Statement insert_event_;
    Statement upsert_level_;
    Statement insert_product_;
    Statement upsert_product_;
    Statement insert_location_;
    Statement upsert_account_;
    Statement upsert_session_;
    Statement delete_session_;
    Statement delete_sessions_of_;
    Statement insert_answer_;
    std::unordered_map<Uuid, OrderPlace> touched_;  // this batch's orders that events name
    bool batch_changes_orders_ = false;
    Bytes blob_;
    Bytes other_blob_;
};

}  // namespace onhand::storage::sqlite
