#include "storage/sqlite/batch_writer.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "storage/sorted_levels.hpp"

namespace onhand::storage::sqlite {

namespace {

std::string insert_into(const char* table, const char* columns, int count) {
    std::string sql = std::string("INSERT INTO ") + table + " (" + columns + ") VALUES (?";
    for (int i = 1; i < count; ++i) sql += ", ?";
    return sql + ")";
}

bool changes_an_order(const domain::FeedItem& item) {
    const auto* event = std::get_if<domain::OrderEvent>(&item);
    return event && event->kind != domain::OrderEvent::Kind::placed;
}

EventKind kind_of(domain::ProductEvent::Kind kind) {
    switch (kind) {
        case domain::ProductEvent::Kind::created:
            return EventKind::product_created;
        case domain::ProductEvent::Kind::updated:
            return EventKind::product_updated;
        case domain::ProductEvent::Kind::archived:
            return EventKind::product_archived;
    }
    ensure(false, "a known kind of product event");
    return EventKind::product_updated;
}

}  // namespace

BatchWriter::BatchWriter(Connection& connection, OrderLookup& orders)
    : orders_(orders),
      insert_movement_(connection, insert_into("movement", movement_columns, 20)),
      insert_order_(connection,
                    insert_into("orders",
                                "seq, uuid, key, number, status, version, placed_by, placed_at, updated_at, "
                                "fingerprint, lines, reference, customer, note",
                                14)),
      update_order_(connection,
                    "UPDATE orders SET status = ?2, version = ?3, updated_at = ?4, progress = ?5, last_event = ?6 "
                    "WHERE seq = ?1"),
      insert_event_(connection, insert_into("event", "seq, kind, actor, order_seq, previous, data", 6)),
      upsert_level_(connection, insert_into("level", level_columns, 9) +
                                    " ON CONFLICT (product, location) DO UPDATE SET on_hand = ?3, unavailable = ?4, "
                                    "held = ?5, allocated = ?6, incoming = ?7, version = ?8, updated_at = ?9"),
      insert_product_(connection, insert_into("product", product_columns, 13)),
      upsert_product_(connection,
                      insert_into("product", product_columns, 13) +
                          " ON CONFLICT (id) DO UPDATE SET name = ?3, category = ?4, barcode = ?5, price_amount = ?6, "
                          "price_currency = ?7, attributes = ?8, reorder_point = ?9, archived = ?10, version = ?11, "
                          "updated_at = ?13"),
      insert_location_(connection, insert_into("location", location_columns, 5)),
      upsert_account_(connection, insert_into("account", account_columns, 10) +
                                      " ON CONFLICT (id) DO UPDATE SET name = ?4, password_hash = ?5, role = ?6, "
                                      "disabled = ?7, version = ?8, updated_at = ?10"),
      upsert_session_(connection, insert_into("session", session_columns, 5) +
                                      " ON CONFLICT (token_hash) DO UPDATE SET expires_at = ?4, seen_at = ?5"),
      delete_session_(connection, "DELETE FROM session WHERE token_hash = ?"),
      delete_sessions_of_(connection, "DELETE FROM session WHERE account = ?"),
      insert_answer_(connection, insert_into("answer", "id, key, fingerprint, at, status, body", 6)) {}

void BatchWriter::write(const domain::Changes& changes, std::int64_t first_answer) {
    touched_.clear();
    batch_changes_orders_ = std::any_of(changes.items.begin(), changes.items.end(), changes_an_order);
    for (const auto& item : changes.items) std::visit([this](const auto& one) { write_item(one); }, item);
    write_levels(changes);
    for (const auto& account : changes.accounts) write_account(account);
    for (const auto& change : changes.sessions) write_session(change);
    for (const auto account : changes.sessions_ended_of) delete_sessions_of_.run(domain::raw(account));
    std::int64_t id = first_answer;
    for (const auto& answer : changes.answers) {
        const ByteView body{reinterpret_cast<const std::uint8_t*>(answer.body.data()), answer.body.size()};
        insert_answer_.run(id++, answer.key, answer.fingerprint, answer.at, answer.status, body);
    }
}

void BatchWriter::write_item(const domain::Movement& movement) {
    const domain::StockLevel& after = movement.after;
    insert_movement_.run(movement.seq, domain::raw(after.key.product), domain::raw(after.key.location),
                         static_cast<std::int64_t>(movement.kind), movement.quantity, movement.from, movement.to,
                         static_cast<std::int64_t>(movement.reason), domain::raw(movement.actor),
                         static_cast<std::int64_t>(movement.cause.type), NullIfZero{movement.cause.id.bytes},
                         movement.id.bytes, after.on_hand, after.unavailable, after.held, after.allocated,
                         after.incoming, after.version, after.updated_at, NullIfEmpty{movement.note});
}

void BatchWriter::write_item(const domain::OrderEvent& event) {
    if (event.kind == domain::OrderEvent::Kind::placed)
        write_placed(event);
    else
        write_changed(event);
}

void BatchWriter::write_placed(const domain::OrderEvent& event) {
    const domain::Order& order = event.order;
    encode_lines(blob_, order.lines);
    insert_order_.run(event.seq, order.id.bytes, NullIfZero{event.key}, order.number,
                      static_cast<std::int64_t>(order.status), order.version, domain::raw(order.placed_by),
                      order.placed_at, order.updated_at, NullIfZero{event.fingerprint}, ByteView{blob_},
                      NullIfEmpty{order.reference}, NullIfEmpty{order.customer}, NullIfEmpty{order.note});
    if (batch_changes_orders_) touched_[order.id] = {event.seq, 0};
}

void BatchWriter::write_changed(const domain::OrderEvent& event) {
    const domain::Order& order = event.order;
    OrderPlace& place = place_of(order.id);
    encode_order_state(blob_, order);
    const bool fulfilled = event.kind == domain::OrderEvent::Kind::fulfilled;
    const EventKind kind = fulfilled ? EventKind::order_fulfilled : EventKind::order_cancelled;
    insert_event_.run(event.seq, static_cast<std::int64_t>(kind), domain::raw(event.actor), place.seq,
                      NullIfNone{place.last_event}, ByteView{blob_});
    encode_progress(other_blob_, order.lines);
    update_order_.run(place.seq, static_cast<std::int64_t>(order.status), order.version, order.updated_at,
                      ByteView{other_blob_}, event.seq);
    place.last_event = event.seq;
}

BatchWriter::OrderPlace& BatchWriter::place_of(const Uuid& order) {
    const auto [entry, is_new] = touched_.try_emplace(order);
    if (is_new) {
        const auto stored = orders_.by_uuid(order);
        if (!stored) throw_corrupt("a change of an order that is not there");
        entry->second = {stored->seq, stored->last_event};
    }
    return entry->second;
}

void BatchWriter::write_item(const domain::ProductEvent& event) {
    const domain::Product& product = event.product;
    encode_product(blob_, product);
    insert_event_.run(event.seq, static_cast<std::int64_t>(kind_of(event.kind)), domain::raw(event.actor),
                      NullIfNone{0}, NullIfNone{0}, ByteView{blob_});
    auto& statement = event.kind == domain::ProductEvent::Kind::created ? insert_product_ : upsert_product_;
    statement.run(domain::raw(product.id), product.sku, product.name, product.category, product.barcode,
                  product.unit_price.amount, product.unit_price.currency, product.attributes, product.reorder_point,
                  product.archived, product.version, product.created_at, product.updated_at);
}

void BatchWriter::write_item(const domain::LocationEvent& event) {
    const domain::Location& location = event.location;
    encode_location(blob_, location);
    insert_event_.run(event.seq, static_cast<std::int64_t>(EventKind::location_created), domain::raw(event.actor),
                      NullIfNone{0}, NullIfNone{0}, ByteView{blob_});
    insert_location_.run(domain::raw(location.id), location.code, location.name, location.version, location.created_at);
}

// In the order of the table, so that many new levels are appended one after the other.
void BatchWriter::write_levels(const domain::Changes& changes) {
    for (const auto* level : sorted_levels(changes))
        upsert_level_.run(domain::raw(level->key.product), domain::raw(level->key.location), level->on_hand,
                          level->unavailable, level->held, level->allocated, level->incoming, level->version,
                          level->updated_at);
}

void BatchWriter::write_account(const domain::Account& account) {
    upsert_account_.run(domain::raw(account.id), account.uuid.bytes, account.email, account.name, account.password_hash,
                        static_cast<std::int64_t>(account.role), account.disabled, account.version, account.created_at,
                        account.updated_at);
}

void BatchWriter::write_session(const domain::SessionChange& change) {
    const domain::Session& session = change.session;
    if (change.ended)
        delete_session_.run(session.token_hash);
    else
        upsert_session_.run(session.token_hash, domain::raw(session.account), session.created_at, session.expires_at,
                            session.seen_at);
}

}  // namespace onhand::storage::sqlite
