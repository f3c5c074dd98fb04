#pragma once
// From rows of the main database to domain values: column lists, readers of the current row of a cursor, and look-ups
// that several parts of the adapter share (orders by number or id, names behind ids). Each object here belongs to one
// connection and its thread. Writes nothing.

#include <optional>
#include <string>
#include <unordered_map>

#include "domain/changes.hpp"
#include "storage/sqlite/blob_codec.hpp"
#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

// The columns each reader below expects, in this order, from column 0.
inline constexpr const char* product_columns =
    "id, sku, name, category, barcode, price_amount, price_currency, attributes, reorder_point, archived, version, "
    "created_at, updated_at";
inline constexpr const char* location_columns = "id, code, name, version, created_at";
inline constexpr const char* level_columns =
    "product, location, on_hand, unavailable, held, allocated, incoming, version, updated_at";
inline constexpr const char* account_columns =
    "id, uuid, email, name, password_hash, role, disabled, version, created_at, updated_at";
inline constexpr const char* session_columns = "token_hash, account, created_at, expires_at, seen_at";
inline constexpr const char* movement_columns =
    "seq, product, location, kind, quantity, from_place, to_place, reason, actor, cause_type, cause_id, id, on_hand, "
    "unavailable, held, allocated, incoming, version, at, note";
inline constexpr const char* order_columns =
    "seq, uuid, key, number, status, version, placed_by, placed_at, updated_at, last_event, fingerprint, lines, "
    "progress, reference, customer, note";

// event.kind. Values are stored: never renumber.
enum class EventKind : std::int64_t {
    order_fulfilled = 1,
    order_cancelled = 2,
    product_created = 10,
    product_updated = 11,
    product_archived = 12,
    location_created = 20,
};

domain::Product read_product(const Cursor& row);
domain::Location read_location(const Cursor& row);
domain::StockLevel read_level(const Cursor& row);
domain::Account read_account(const Cursor& row);
domain::Session read_session(const Cursor& row);
domain::Movement read_movement(const Cursor& row);

// SKUs and location codes by id. They never change, so what was read once stays right.
class NameCache {
  public:
    explicit NameCache(Connection& connection);
    // Empty text for an unknown id. The reference is good until the next call.
    const std::string& sku(domain::ProductId id);
    const std::string& code(domain::LocationId id);

  private:
    static constexpr std::size_t names_max = 200'000;  // then all are forgotten
    using Names = std::unordered_map<std::int64_t, std::string>;
    static const std::string& look_up(Statement& select, Names& names, std::int64_t id);
    Statement select_sku_;
    Statement select_code_;
    Names skus_;
    Names codes_;
};

struct StoredOrder {
    domain::Order order;  // as it is now
    domain::FeedSeq seq = 0;
    domain::FeedSeq last_event = 0;  // 0 = none after the placed event
    domain::KeyHash key{};
    domain::Fingerprint fingerprint{};
};

// Orders by feed number and by id. Ids rise with feed numbers, so an id is found by halving, without an index.
class OrderLookup {
  public:
    explicit OrderLookup(Connection& connection);
    std::optional<StoredOrder> by_seq(domain::FeedSeq seq);
    std::optional<StoredOrder> by_uuid(const Uuid& id);
    // The order's feed number; 0 when there is none.
    domain::FeedSeq seq_of(const Uuid& id);
    // The feed number of the order with this number; 0 when there is none.
    domain::FeedSeq seq_of_number(std::int64_t number);
    // The order in the current row; the row has order_columns.
    StoredOrder read(const Cursor& row);
    NameCache& names() { return names_; }

  private:
    template <class Compare>
    domain::FeedSeq halve(Compare&& compare);
    Statement last_;
    Statement at_or_after_;
    Statement select_;
    NameCache names_;
};

// One feed item out of an event row: columns seq, kind, actor, order_seq, data.
domain::FeedItem read_event(const Cursor& row, OrderLookup& orders);

// The placed event out of an order row.
domain::OrderEvent placed_event(StoredOrder stored);

// The highest feed number in the three tables.
domain::FeedSeq read_head(Connection& connection);

}  // namespace onhand::storage::sqlite
