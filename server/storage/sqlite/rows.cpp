#include "storage/sqlite/rows.hpp"

#include <algorithm>

namespace onhand::storage::sqlite {

namespace {

constexpr std::int64_t movement_kind_first = 1;

domain::MovementKind movement_kind(std::int64_t value) {
    if (value < movement_kind_first || value > static_cast<std::int64_t>(domain::MovementKind::fulfilled))
        throw_corrupt("an unknown kind of movement");
    return static_cast<domain::MovementKind>(value);
}

}  // namespace

domain::Product read_product(const Cursor& row) {
    domain::Product product;
    product.id = domain::ProductId{row.integer(0)};
    product.sku = row.text(1);
    product.name = row.text(2);
    product.category = row.text(3);
    product.barcode = row.text(4);
    product.unit_price = {row.string(5), row.string(6)};
    product.attributes = row.text(7);
    product.reorder_point = row.integer(8);
    product.archived = row.integer(9) != 0;
    product.version = row.integer(10);
    product.created_at = row.integer(11);
    product.updated_at = row.integer(12);
    return product;
}

domain::Location read_location(const Cursor& row) {
    return {domain::LocationId{row.integer(0)}, row.string(1), row.string(2), row.integer(3), row.integer(4)};
}

domain::StockLevel read_level(const Cursor& row) {
    domain::StockLevel level;
    level.key = {domain::ProductId{row.integer(0)}, domain::LocationId{row.integer(1)}};
    level.on_hand = row.integer(2);
    level.unavailable = row.integer(3);
    level.held = row.integer(4);
    level.allocated = row.integer(5);
    level.incoming = row.integer(6);
    level.version = row.integer(7);
    level.updated_at = row.integer(8);
    return level;
}

domain::Account read_account(const Cursor& row) {
    domain::Account account;
    account.id = domain::AccountId{row.integer(0)};
    account.uuid.bytes = row.bytes<16>(1);
    account.email = row.text(2);
    account.name = row.text(3);
    account.password_hash = row.text(4);
    account.role = row.enumeration(5, domain::Role::admin);
    account.disabled = row.integer(6) != 0;
    account.version = row.integer(7);
    account.created_at = row.integer(8);
    account.updated_at = row.integer(9);
    return account;
}

domain::Session read_session(const Cursor& row) {
    return {row.bytes<32>(0), domain::AccountId{row.integer(1)}, row.integer(2), row.integer(3), row.integer(4)};
}

domain::Movement read_movement(const Cursor& row) {
    domain::Movement movement;
    movement.seq = row.integer(0);
    movement.after.key = {domain::ProductId{row.integer(1)}, domain::LocationId{row.integer(2)}};
    movement.kind = movement_kind(row.integer(3));
    movement.quantity = row.integer(4);
    movement.from = row.integer(5);
    movement.to = row.integer(6);
    movement.reason = row.enumeration(7, domain::Reason::other);
    movement.actor = domain::AccountId{row.integer(8)};
    movement.cause.type = row.enumeration(9, domain::CauseType::import);
    movement.cause.id.bytes = row.bytes<16>(10);
    movement.id.bytes = row.bytes<16>(11);
    movement.after.on_hand = row.integer(12);
    movement.after.unavailable = row.integer(13);
    movement.after.held = row.integer(14);
    movement.after.allocated = row.integer(15);
    movement.after.incoming = row.integer(16);
    movement.after.version = row.integer(17);
    movement.after.updated_at = row.integer(18);
    movement.note = row.text(19);
    return movement;
}

NameCache::NameCache(Connection& connection)
    : select_sku_(connection, "SELECT sku FROM product WHERE id = ?"),
      select_code_(connection, "SELECT code FROM location WHERE id = ?") {}

const std::string& NameCache::sku(domain::ProductId id) {
    return look_up(select_sku_, skus_, domain::raw(id));
}

const std::string& NameCache::code(domain::LocationId id) {
    return look_up(select_code_, codes_, domain::raw(id));
}

const std::string& NameCache::look_up(Statement& select, Names& names, std::int64_t id) {
    static const std::string unknown;
    if (const auto found = names.find(id); found != names.end()) return found->second;
    auto row = select.open(id);
    if (!row.next()) return unknown;
    if (names.size() >= names_max) names.clear();
    return names[id] = row.string(0);
}

OrderLookup::OrderLookup(Connection& connection)
    : last_(connection, "SELECT max(seq) FROM orders"),
      at_or_after_(connection, "SELECT seq, uuid, number FROM orders WHERE seq >= ? ORDER BY seq LIMIT 1"),
      select_(connection, std::string("SELECT ") + order_columns + " FROM orders WHERE seq = ?"),
      names_(connection) {}

std::optional<StoredOrder> OrderLookup::by_seq(domain::FeedSeq seq) {
    auto row = select_.open(seq);
    if (!row.next()) return std::nullopt;
    return read(row);
}

std::optional<StoredOrder> OrderLookup::by_uuid(const Uuid& id) {
    const domain::FeedSeq seq = seq_of(id);
    if (seq == 0) return std::nullopt;
    return by_seq(seq);
}

// `compare(row)` tells whether the row comes before (negative), is (0) or comes after what is looked for.
template <class Compare>
domain::FeedSeq OrderLookup::halve(Compare&& compare) {
    domain::FeedSeq low = 1;
    domain::FeedSeq high = 0;
    {
        auto row = last_.open();
        if (row.next()) high = row.integer(0);
    }
    while (low <= high) {
        const domain::FeedSeq middle = low + (high - low) / 2;
        auto row = at_or_after_.open(middle);
        if (!row.next() || row.integer(0) > high) {
            high = middle - 1;
            continue;
        }
        const int order = compare(row);
        if (order == 0) return row.integer(0);
        if (order < 0)
            low = row.integer(0) + 1;
        else
            high = middle - 1;
    }
    return 0;
}

domain::FeedSeq OrderLookup::seq_of(const Uuid& id) {
    return halve([&id](const Cursor& row) {
        const Uuid found{row.bytes<16>(1)};
        return found < id ? -1 : found == id ? 0 : 1;
    });
}

domain::FeedSeq OrderLookup::seq_of_number(std::int64_t number) {
    return halve([number](const Cursor& row) {
        const std::int64_t found = row.integer(2);
        return found < number ? -1 : found == number ? 0 : 1;
    });
}

StoredOrder OrderLookup::read(const Cursor& row) {
    StoredOrder stored;
    domain::Order& order = stored.order;
    stored.seq = row.integer(0);
    order.id.bytes = row.bytes<16>(1);
    stored.key = row.bytes<16>(2);
    order.number = row.integer(3);
    order.status = row.enumeration(4, domain::OrderStatus::returned);
    order.version = row.integer(5);
    order.placed_by = domain::AccountId{row.integer(6)};
    order.placed_at = row.integer(7);
    order.updated_at = row.integer(8);
    stored.last_event = row.integer(9);
    stored.fingerprint = row.bytes<16>(10);
    if (!decode_lines(row.blob(11), order.lines)) throw_corrupt("order lines cannot be read");
    if (!row.is_null(12) && !decode_progress(row.blob(12), order.lines))
        throw_corrupt("the progress of an order cannot be read");
    order.reference = row.text(13);
    order.customer = row.text(14);
    order.note = row.text(15);
    for (auto& line : order.lines) {
        line.sku = names_.sku(line.level.product);
        line.location = names_.code(line.level.location);
    }
    return stored;
}

domain::OrderEvent placed_event(StoredOrder stored) {
    domain::OrderEvent event;
    event.seq = stored.seq;
    event.kind = domain::OrderEvent::Kind::placed;
    event.order = domain::as_placed(stored.order);
    event.actor = event.order.placed_by;
    event.key = stored.key;
    event.fingerprint = stored.fingerprint;
    return event;
}

namespace {

domain::OrderEvent read_order_event(const Cursor& row, OrderLookup& orders, domain::OrderEvent::Kind kind) {
    auto stored = orders.by_seq(row.integer(3));
    if (!stored) throw_corrupt("an event of an order that is not there");
    domain::OrderEvent event;
    event.seq = row.integer(0);
    event.kind = kind;
    event.actor = domain::AccountId{row.integer(2)};
    event.order = std::move(stored->order);
    if (!decode_order_state(row.blob(4), event.order)) throw_corrupt("an order event cannot be read");
    return event;
}

domain::ProductEvent read_product_event(const Cursor& row, domain::ProductEvent::Kind kind) {
    domain::ProductEvent event;
    event.seq = row.integer(0);
    event.kind = kind;
    event.actor = domain::AccountId{row.integer(2)};
    if (!decode_product(row.blob(4), event.product)) throw_corrupt("a product event cannot be read");
    return event;
}

}  // namespace

domain::FeedItem read_event(const Cursor& row, OrderLookup& orders) {
    switch (static_cast<EventKind>(row.integer(1))) {
        case EventKind::order_fulfilled:
            return read_order_event(row, orders, domain::OrderEvent::Kind::fulfilled);
        case EventKind::order_cancelled:
            return read_order_event(row, orders, domain::OrderEvent::Kind::cancelled);
        case EventKind::product_created:
            return read_product_event(row, domain::ProductEvent::Kind::created);
        case EventKind::product_updated:
            return read_product_event(row, domain::ProductEvent::Kind::updated);
        case EventKind::product_archived:
            return read_product_event(row, domain::ProductEvent::Kind::archived);
        case EventKind::location_created: {
            domain::LocationEvent event;
            event.seq = row.integer(0);
            event.actor = domain::AccountId{row.integer(2)};
            if (!decode_location(row.blob(4), event.location)) throw_corrupt("a location event cannot be read");
            return event;
        }
    }
    throw_corrupt("an unknown kind of event");
}

domain::FeedSeq read_head(Connection& connection) {
    return connection.query_int(
        "SELECT max(coalesce((SELECT max(seq) FROM orders), 0), coalesce((SELECT max(seq) FROM movement), 0), "
        "coalesce((SELECT max(seq) FROM event), 0))");
}

}  // namespace onhand::storage::sqlite
