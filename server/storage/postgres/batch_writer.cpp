#include "storage/postgres/batch_writer.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/batch_sql.hpp"
#include "storage/sorted_levels.hpp"

namespace onhand::storage::postgres {

namespace {

Params& pass(Params& params, const BatchTables::Columns& columns) {
    for (const Array& column : columns) params.array(column);
    return params;
}

// NULL: as drawn by compare_presumed.
Params& pass_batch(Params& params, const BatchStamp& stamp) {
    return stamp.batch == 0 ? params.null(Type::int64) : params.int64(stamp.batch);
}

// The columns of an INSERT or, without those that never change, of an UPDATE.
template <class Table>
void add_product(Table& c, const domain::Product& product, bool is_new) {
    std::size_t at = 0;
    c[at++].add(domain::raw(product.id));
    if (is_new) c[at++].add_text(product.sku);
    for (const std::string* field : {&product.name, &product.category, &product.barcode, &product.unit_price.amount,
                                     &product.unit_price.currency, &product.attributes})
        c[at++].add_text(*field);
    c[at++].add(product.reorder_point);
    c[at++].add_bool(product.archived);
    c[at++].add(product.version);
    if (is_new) c[at++].add(product.created_at);
    c[at].add(product.updated_at);
}

}  // namespace

void BatchWriter::clear() {
    tables_.clear();
    placed_.clear();
    order_changes_.clear();
    product_changes_.clear();
    orders_at_.clear();
    in_state_ = {};
    outbox_bytes_.clear();
}

bool BatchWriter::send(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                       const LockedLevels& levels, const LockedOrders* orders) {
    return send_all(connection, changes, stamp, levels, orders, nullptr);
}

bool BatchWriter::send_presumed(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                                const LockedLevels& levels, const Presumption& rows) {
    const LockedOrders none;
    return send_all(connection, changes, stamp, levels, &none, &rows);
}

bool BatchWriter::send_all(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                           const LockedLevels& levels, const LockedOrders* orders, const Presumption* presumed) {
    clear();
    gather_events(changes);
    if (orders) count_orders(*orders);
    send_products(connection);
    tables_.locations.send(connection, params_.clear());
    send_levels(connection, changes, stamp, levels);
    if (presumed != nullptr) send_guard(connection, *presumed);
    send_orders(connection, stamp);
    // The server writes these while the rest is put together.
    if (connection.expected() > 0) connection.push();
    gather_movements(changes);
    tables_.movements.send(connection, pass_batch(params_.clear(), stamp));
    send_accounts(connection, changes);
    send_sessions(connection, changes);
    return send_outbox(connection, changes, stamp);
}

// ---- from changes to columns

void BatchWriter::gather_events(const domain::Changes& changes) {
    std::int64_t place = 0;
    for (const auto& item : changes.items) {
        std::visit([&](const auto& event) { gather_event(event, place); }, item);
        ++place;
    }
    gather_placed();
    gather_order_states();
    gather_products();
    gather_answers(changes);
}

void BatchWriter::gather_event(const domain::OrderEvent& event, std::int64_t place) {
    if (event.kind != domain::OrderEvent::Kind::placed) {
        order_changes_[event.order.id] = &event.order;
        return;
    }
    placed_.push_back({&event, place});
    const auto& lines = event.order.lines;
    for (std::size_t at = 0; at < lines.size(); ++at)
        if (is_first_of_product(lines, at)) ++orders_at_[lines[at].level];
}

void BatchWriter::gather_placed() {
    // In one order in every transaction, so that two that hold the same keys cannot wait for each other.
    std::sort(placed_.begin(), placed_.end(),
              [](const Placed& a, const Placed& b) { return a.event->key < b.event->key; });
    for (const auto& [event, place] : placed_) {
        const domain::Order& order = event->order;
        ensure(order.version == 1 && order.status == domain::OrderStatus::placed, "an order begins as placed");
        encode_named_lines(blob_, order.lines);
        InsertTable& c = tables_.orders;
        c[0].add_uuid(order.id);
        c[1].add_uuid_or_null(Uuid{event->key});
        c[2].add_uuid_or_null(Uuid{event->fingerprint});
        c[3].add(place);
        c[4].add(order.number);
        c[5].add(domain::raw(order.placed_by));
        c[6].add(order.placed_at);
        c[7].add_bytes(blob_);
        c[8].add_text_or_null(order.reference);
        c[9].add_text_or_null(order.customer);
        c[10].add_text_or_null(order.note);
        c[11].add_text_or_null(lexemes_of(order.reference, order.customer));
    }
}

void BatchWriter::gather_order_states() {
    for (const auto& [id, order] : order_changes_) {
        encode_progress(blob_, order->lines);
        tables_.order_states[0].add_uuid(id);
        tables_.order_states[1].add(static_cast<std::int64_t>(order->status));
        tables_.order_states[2].add(order->version);
        tables_.order_states[3].add(order->updated_at);
        tables_.order_states[4].add_bytes(blob_);
    }
}

void BatchWriter::count_orders(const LockedOrders& locked) {
    const auto in_state = [this](domain::OrderStatus status) -> std::int64_t& {
        return in_state_[static_cast<std::size_t>(status)];
    };
    in_state(domain::OrderStatus::placed) += static_cast<std::int64_t>(placed_.size());
    for (const auto& [id, order] : order_changes_) {
        // One that was not there before was placed in this batch.
        const auto was = locked.find(id);
        --in_state(was == locked.end() ? domain::OrderStatus::placed : was->second);
        ++in_state(order->status);
    }
}

void BatchWriter::gather_event(const domain::ProductEvent& event, std::int64_t) {
    // The first event of a product in the batch tells the version it had before.
    const auto [entry, is_first] = product_changes_.try_emplace(domain::raw(event.product.id));
    if (is_first) entry->second.was = event.product.version - 1;
    entry->second.product = &event.product;
}

void BatchWriter::gather_event(const domain::LocationEvent& event, std::int64_t) {
    const domain::Location& location = event.location;
    tables_.locations[0].add(domain::raw(location.id));
    tables_.locations[1].add_text(location.code);
    tables_.locations[2].add_text(location.name);
    tables_.locations[3].add(location.version);
    tables_.locations[4].add(location.created_at);
}

void BatchWriter::gather_products() {
    for (const auto& [id, state] : product_changes_) {
        const domain::Product& product = *state.product;
        if (state.was == 0)
            add_product(tables_.new_products, product, /*is_new=*/true);
        else
            add_product(tables_.products, product, /*is_new=*/false);
        if (state.was != 0) tables_.products.back().add(state.was);
    }
}

void BatchWriter::gather_answers(const domain::Changes& changes) {
    std::vector<const domain::StoredAnswer*> sorted;
    for (const auto& answer : changes.answers) sorted.push_back(&answer);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    for (const auto* answer : sorted) {
        const std::string& body = answer->body;
        InsertTable& c = tables_.answers;
        c[0].add_bytes(answer->key);
        c[1].add_bytes(answer->fingerprint);
        c[2].add(answer->at);
        c[3].add(answer->status);
        c[4].add_bytes({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
    }
}

void BatchWriter::gather_movements(const domain::Changes& changes) {
    std::int64_t place = 0;
    for (const auto& item : changes.items) {
        if (const auto* movement = std::get_if<domain::Movement>(&item)) gather_movement(*movement, place);
        ++place;
    }
}

void BatchWriter::gather_movement(const domain::Movement& movement, std::int64_t place) {
    const domain::StockLevel& after = movement.after;
    InsertTable& c = tables_.movements;
    c[0].add(place);
    c[1].add_uuid(movement.id);
    c[2].add(domain::raw(after.key.product));
    c[3].add(domain::raw(after.key.location));
    c[4].add(static_cast<std::int64_t>(movement.kind));
    c[5].add(movement.quantity);
    c[6].add(movement.from);
    c[7].add(movement.to);
    c[8].add(static_cast<std::int64_t>(movement.reason));
    c[9].add(domain::raw(movement.actor));
    c[10].add(static_cast<std::int64_t>(movement.cause.type));
    c[11].add_uuid_or_null(movement.cause.id);
    c[12].add(after.on_hand);
    c[13].add(after.unavailable);
    c[14].add(after.held);
    c[15].add(after.allocated);
    c[16].add(after.incoming);
    c[17].add(after.version);
    c[18].add(after.updated_at);
    c[19].add_text_or_null(movement.note);
}

// ---- from columns to statements

void BatchWriter::send_products(Connection& connection) {
    tables_.new_products.send(connection, params_.clear());
    if (const auto count = tables_.products[0].size(); count > 0)
        connection.send(batch_sql::update_products,
                        pass(params_.clear(), tables_.products).int64(static_cast<std::int64_t>(count)));
}

std::int64_t BatchWriter::orders_at(const domain::LevelKey& key) const {
    const auto found = orders_at_.find(key);
    return found == orders_at_.end() ? 0 : found->second;
}

void BatchWriter::send_levels(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                              const LockedLevels& locked) {
    // In the order in which every transaction locks them: after a presumption this is where they are locked.
    for (const auto* each : sorted_levels(changes)) {
        const auto& level = *each;
        const auto& key = level.key;
        const std::array values = {domain::raw(key.product),
                                   domain::raw(key.location),
                                   level.on_hand,
                                   level.unavailable,
                                   level.held,
                                   level.allocated,
                                   level.incoming,
                                   level.version,
                                   level.updated_at,
                                   orders_at(key)};
        const auto was = locked.find(key);
        for (std::size_t at = 0; at < values.size(); ++at) {
            if (was == locked.end())
                tables_.new_levels[at].add(values[at]);
            else
                tables_.levels[at].add(values[at]);
        }
        if (was != locked.end()) tables_.levels.back().add(was->second);
    }
    if (const auto count = tables_.levels[0].size(); count > 0)
        connection.send(
            batch_sql::update_levels,
            pass(params_.clear(), tables_.levels).int64(stamp.fence).int64(static_cast<std::int64_t>(count)));
    tables_.new_levels.send(connection, params_.clear().int64(stamp.fence));
}

// Products and locations are compared as they are now that the levels are locked.
void BatchWriter::send_guard(Connection& connection, const Presumption& rows) {
    Array products(Type::int64);
    Array product_versions(Type::int64);
    Array locations(Type::int64);
    Array location_versions(Type::int64);
    for (const auto& [id, version] : rows.products) {
        products.add(domain::raw(id));
        product_versions.add(version);
    }
    for (const auto& [id, version] : rows.locations) {
        locations.add(domain::raw(id));
        location_versions.add(version);
    }
    params_.clear().array(products).array(product_versions).array(locations).array(location_versions);
    params_.int64(static_cast<std::int64_t>(rows.products.size() + rows.locations.size()));
    connection.send(batch_sql::compare_presumed, params_);
}

// Keys are inserted in their order, answers last, see gather_placed().
void BatchWriter::send_orders(Connection& connection, const BatchStamp& stamp) {
    tables_.orders.send(connection, pass_batch(params_.clear(), stamp));
    if (const auto count = tables_.order_states[0].size(); count > 0)
        connection.send(
            batch_sql::update_orders,
            pass(params_.clear(), tables_.order_states).int64(stamp.batch).int64(static_cast<std::int64_t>(count)));
    tables_.answers.send(connection, params_.clear());
}

void BatchWriter::send_accounts(Connection& connection, const domain::Changes& changes) {
    std::unordered_map<std::int64_t, const domain::Account*> last;
    for (const auto& account : changes.accounts) last[domain::raw(account.id)] = &account;
    for (const auto& [id, account] : last) {
        InsertTable& c = tables_.accounts;
        c[0].add(id);
        c[1].add_uuid(account->uuid);
        c[2].add_text(account->email);
        c[3].add_text(account->name);
        c[4].add_text(account->password_hash);
        c[5].add(static_cast<std::int64_t>(account->role));
        c[6].add_bool(account->disabled);
        c[7].add(account->version);
        c[8].add(account->created_at);
        c[9].add(account->updated_at);
    }
    tables_.accounts.send(connection, params_.clear());
}

void BatchWriter::send_sessions(Connection& connection, const domain::Changes& changes) {
    // One statement must not meet a session twice: the last change of each counts.
    std::vector<const domain::SessionChange*> last;
    for (auto change = changes.sessions.rbegin(); change != changes.sessions.rend(); ++change) {
        const auto same = [&](const auto* other) { return other->session.token_hash == change->session.token_hash; };
        if (std::none_of(last.begin(), last.end(), same)) last.push_back(&*change);
    }
    for (const auto* change : last) {
        const domain::Session& session = change->session;
        if (change->ended) {
            tables_.ended_sessions.add_bytes(session.token_hash);
            continue;
        }
        tables_.sessions[0].add_bytes(session.token_hash);
        tables_.sessions[1].add(domain::raw(session.account));
        tables_.sessions[2].add(session.created_at);
        tables_.sessions[3].add(session.expires_at);
        tables_.sessions[4].add(session.seen_at);
    }
    for (const auto account : changes.sessions_ended_of) tables_.accounts_ended.add(domain::raw(account));
    tables_.sessions.send(connection, params_.clear());
    if (tables_.ended_sessions.size() > 0)
        connection.send(batch_sql::delete_sessions, params_.clear().array(tables_.ended_sessions));
    if (tables_.accounts_ended.size() > 0)
        connection.send(batch_sql::delete_sessions_of, params_.clear().array(tables_.accounts_ended));
}

bool BatchWriter::send_outbox(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp) {
    const bool is_news = !changes.items.empty() || !changes.levels.empty() || !changes.accounts.empty() ||
                         !changes.sessions.empty() || !changes.sessions_ended_of.empty();
    if (!is_news) return false;
    outbox_bytes_ = domain::encode_batch(changes);
    if (std::any_of(in_state_.begin(), in_state_.end(), [](auto more) { return more != 0; }))
        for (const auto more : in_state_) tables_.in_state.add(more);
    pass_batch(params_.clear(), stamp).int32(static_cast<std::int32_t>(changes.items.size())).bytes(outbox_bytes_);
    params_.array(tables_.in_state);
    connection.send(batch_sql::insert_outbox, params_);
    return true;
}

}  // namespace onhand::storage::postgres
