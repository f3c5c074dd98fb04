#pragma once
// Writes the changes of one batch: one statement per table that is touched, with whole columns as parameters, put into
// the pipeline of the caller behind an open transaction. Used by the writer, on the lane thread. Decides nothing,
// commits nothing and reads no results: the caller does.

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "domain/changes.hpp"
#include "storage/line_codec.hpp"
#include "storage/postgres/batch_tables.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// What the transaction was given when it locked its rows.
struct BatchStamp {
    std::int64_t xid = 0;    // of the transaction; 0: not known
    std::int64_t batch = 0;  // id of its row in the outbox, whether or not one is written; 0: drawn while it is written
    std::int64_t fence = 0;  // of the levels it writes
};

// The levels this transaction has locked, with the version each had; new ones are not in it.
using LockedLevels = std::unordered_map<domain::LevelKey, std::int64_t>;
// The orders it has locked, with the state each had.
using LockedOrders = std::unordered_map<Uuid, domain::OrderStatus>;

class BatchWriter {
  public:
    // Sends every statement but COMMIT, the outbox row last. A statement that does not touch exactly the rows it
    // should fails in the server (division by zero), and with it everything behind it in the pipeline. Returns whether
    // there is an outbox row. The arrays stay untouched until the next call.
    // `orders` is null when others count the orders in each state: then the outbox row does not.
    bool send(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
              const LockedLevels& levels, const LockedOrders* orders);
    // The same for a batch whose rows were presumed: updating the levels locks them, and behind that, where the rest
    // can be trusted, it is compared and the id of the outbox row is drawn. Gives one more result than send().
    bool send_presumed(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                       const LockedLevels& levels, const Presumption& rows);

    // The bytes of the outbox row sent last; empty when there was none.
    const std::string& outbox_bytes() const { return outbox_bytes_; }

  private:
    // An order that events after its placing touched: its last state.
    using LastStates = std::unordered_map<Uuid, const domain::Order*>;
    // A product of the batch: its last state, and the version it had before.
    struct ProductState {
        const domain::Product* product = nullptr;
        std::int64_t was = 0;
    };
    struct Placed {
        const domain::OrderEvent* event = nullptr;
        std::int64_t place = 0;
    };
    void clear();
    void gather_events(const domain::Changes& changes);
    // Movements are gathered later, see send().
    void gather_event(const domain::Movement&, std::int64_t) {}
    void gather_event(const domain::OrderEvent& event, std::int64_t place);
    void gather_event(const domain::ProductEvent& event, std::int64_t place);
    void gather_event(const domain::LocationEvent& event, std::int64_t place);
    void gather_placed();
    void gather_order_states();
    void count_orders(const LockedOrders& locked);
    void gather_products();
    void gather_answers(const domain::Changes& changes);
    void gather_movements(const domain::Changes& changes);
    void gather_movement(const domain::Movement& movement, std::int64_t place);
    std::int64_t orders_at(const domain::LevelKey& key) const;

    bool send_all(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                  const LockedLevels& levels, const LockedOrders* orders, const Presumption* presumed);
    void send_products(Connection& connection);
    void send_guard(Connection& connection, const Presumption& rows);
    void send_levels(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                     const LockedLevels& locked);
    void send_orders(Connection& connection, const BatchStamp& stamp);
    void send_accounts(Connection& connection, const domain::Changes& changes);
    void send_sessions(Connection& connection, const domain::Changes& changes);
    bool send_outbox(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp);

    BatchTables tables_;
    std::vector<Placed> placed_;
    LastStates order_changes_;
    std::unordered_map<std::int64_t, ProductState> product_changes_;
    std::unordered_map<domain::LevelKey, std::int64_t> orders_at_;  // more of them counted at the level
    std::array<std::int64_t, order_states> in_state_{};             // more or less orders
    Bytes blob_;
    std::string outbox_bytes_;
    Params params_;
};

}  // namespace onhand::storage::postgres
