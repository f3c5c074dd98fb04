#include "storage/postgres/batch_writer.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/batch_sql.hpp"
#include "storage/postgres/rows.hpp"

namespace onhand::storage::postgres {

namespace {

using enum Type;

std::vector<Array> columns(std::initializer_list<Type> types) {
    return {types.begin(), types.end()};
}

bool has_key(const domain::OrderEvent& event) {
    return event.key != domain::KeyHash{};
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

BatchWriter::BatchWriter()
    : new_products_("product", {{"id", int64},
                                {"sku", text},
                                {"name", text},
                                {"category", text},
                                {"barcode", text},
                                {"price_amount", text},
                                {"price_currency", text},
                                {"attributes", text},
                                {"reorder_point", int64},
                                {"archived", boolean},
                                {"version", int64},
                                {"created_at", int64},
                                {"updated_at", int64}}),
      locations_("location",
                 {{"id", int64}, {"code", text}, {"name", text}, {"version", int64}, {"created_at", int64}}),
      new_levels_("stock_level",
                  {{"product", int64},
                   {"location", int64},
                   {"on_hand", int64},
                   {"unavailable", int64},
                   {"held", int64},
                   {"allocated", int64},
                   {"incoming", int64},
                   {"version", int64},
                   {"updated_at", int64}},
                  {{"fence", "$1::bigint"}}, 1),
      // An order is placed in its first version, with nothing shipped and nothing cancelled.
      orders_("orders",
              {{"id", uuid},
               {"place", int32},
               {"number", int64},
               {"placed_by", int64},
               {"placed_at", int64},
               {"reference", text},
               {"customer", text},
               {"note", text},
               {"words", text, "array_to_tsvector(string_to_array({}, ' '))"}},
              {{"batch", "$1::bigint"}, {"status", "0"}, {"version", "1"}, {"updated_at", "{placed_at}"}}, 1),
      lines_("order_line",
             {{"order_id", uuid}, {"position", int16}, {"product", int64}, {"location", int64}, {"quantity", int64}},
             {{"fulfilled", "0"}, {"cancelled", "0"}, {"returned", "0"}}),
      movements_("movement", {{"place", int32},    {"id", uuid},           {"product", int64},    {"location", int64},
                              {"kind", int16},     {"quantity", int64},    {"from_place", int64}, {"to_place", int64},
                              {"reason", int16},   {"actor", int64},       {"cause_type", int16}, {"cause_id", uuid},
                              {"on_hand", int64},  {"unavailable", int64}, {"held", int64},       {"allocated", int64},
                              {"incoming", int64}, {"version", int64},     {"at", int64},         {"note", text}},
                 {{"batch", "$1::bigint"}}, 1),
      keys_("idempotency", {{"key", uuid},
                            {"fingerprint", uuid},
                            {"order_id", uuid},
                            {"at", int64},
                            {"status", int32},
                            {"body", bytes}}),
      accounts_("account",
                {{"id", int64},
                 {"uuid", uuid},
                 {"email", text},
                 {"name", text},
                 {"password_hash", text},
                 {"role", int16},
                 {"disabled", boolean},
                 {"version", int64},
                 {"created_at", int64},
                 {"updated_at", int64}},
                {}, 0,
                " ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, password_hash = EXCLUDED.password_hash, "
                "role = EXCLUDED.role, disabled = EXCLUDED.disabled, version = EXCLUDED.version, "
                "updated_at = EXCLUDED.updated_at"),
      sessions_(
          "session",
          {{"token_hash", bytes}, {"account", int64}, {"created_at", int64}, {"expires_at", int64}, {"seen_at", int64}},
          {}, 0,
          " ON CONFLICT (token_hash) DO UPDATE SET expires_at = EXCLUDED.expires_at, "
          "seen_at = EXCLUDED.seen_at"),
      products_(columns({int64, text, text, text, text, text, text, int64, boolean, int64, int64, int64})),
      levels_(columns({int64, int64, int64, int64, int64, int64, int64, int64, int64, int64})),
      order_states_(columns({uuid, int16, int64, int64})),
      line_states_(columns({uuid, int16, int64, int64, int64})),
      ended_sessions_(bytes),
      accounts_ended_(int64) {}

void BatchWriter::clear() {
    for (InsertTable* table :
         {&new_products_, &locations_, &new_levels_, &orders_, &lines_, &movements_, &keys_, &accounts_, &sessions_})
        table->clear();
    for (Columns* table : {&products_, &levels_, &order_states_, &line_states_})
        for (Array& column : *table) column.clear();
    ended_sessions_.clear();
    accounts_ended_.clear();
    order_changes_.clear();
    product_changes_.clear();
    key_rows_.clear();
    outbox_bytes_.clear();
}

bool BatchWriter::send(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                       const LockedLevels& locked) {
    clear();
    gather(changes);
    send_products(connection);
    locations_.send(connection, params_.clear());
    send_levels(connection, changes, stamp, locked);
    send_orders(connection, stamp);
    movements_.send(connection, params_.clear().int64(stamp.batch));
    keys_.send(connection, params_.clear());
    send_accounts(connection, changes);
    send_sessions(connection, changes);
    return send_outbox(connection, changes, stamp);
}

// ---- from changes to columns

void BatchWriter::gather(const domain::Changes& changes) {
    std::int64_t place = 0;
    for (const auto& item : changes.items) {
        std::visit([&](const auto& one) { gather_item(one, place); }, item);
        ++place;
    }
    gather_order_states();
    gather_products();
    gather_keys(changes);
}

void BatchWriter::gather_item(const domain::Movement& movement, std::int64_t place) {
    const domain::StockLevel& after = movement.after;
    InsertTable& c = movements_;
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
    c[19].add_text(movement.note);
}

void BatchWriter::gather_item(const domain::OrderEvent& event, std::int64_t place) {
    if (event.kind == domain::OrderEvent::Kind::placed)
        gather_order(event, place);
    else
        order_changes_[event.order.id] = &event.order;
}

void BatchWriter::gather_order(const domain::OrderEvent& event, std::int64_t place) {
    const domain::Order& order = event.order;
    ensure(order.version == 1 && order.status == domain::OrderStatus::placed, "an order begins as placed");
    InsertTable& c = orders_;
    c[0].add_uuid(order.id);
    c[1].add(place);
    c[2].add(order.number);
    c[3].add(domain::raw(order.placed_by));
    c[4].add(order.placed_at);
    c[5].add_text(order.reference);
    c[6].add_text(order.customer);
    c[7].add_text(order.note);
    c[8].add_text_or_null(lexemes_of(order.reference, order.customer));
    std::int64_t position = 0;
    for (const auto& line : order.lines) {
        lines_[0].add_uuid(order.id);
        lines_[1].add(position++);
        lines_[2].add(domain::raw(line.level.product));
        lines_[3].add(domain::raw(line.level.location));
        lines_[4].add(line.quantity);
    }
    if (has_key(event)) key_rows_.push_back({&event, nullptr});
}

void BatchWriter::gather_item(const domain::ProductEvent& event, std::int64_t) {
    // The first event of a product in the batch tells the version it had before.
    const auto [entry, is_first] = product_changes_.try_emplace(domain::raw(event.product.id));
    if (is_first) entry->second.was = event.product.version - 1;
    entry->second.product = &event.product;
}

void BatchWriter::gather_item(const domain::LocationEvent& event, std::int64_t) {
    const domain::Location& location = event.location;
    locations_[0].add(domain::raw(location.id));
    locations_[1].add_text(location.code);
    locations_[2].add_text(location.name);
    locations_[3].add(location.version);
    locations_[4].add(location.created_at);
}

void BatchWriter::gather_order_states() {
    for (const auto& [id, order] : order_changes_) {
        order_states_[0].add_uuid(id);
        order_states_[1].add(static_cast<std::int64_t>(order->status));
        order_states_[2].add(order->version);
        order_states_[3].add(order->updated_at);
        std::int64_t position = 0;
        for (const auto& line : order->lines) {
            line_states_[0].add_uuid(id);
            line_states_[1].add(position++);
            line_states_[2].add(line.fulfilled);
            line_states_[3].add(line.cancelled);
            line_states_[4].add(line.returned);
        }
    }
}

void BatchWriter::gather_products() {
    for (const auto& [id, state] : product_changes_) {
        const domain::Product& product = *state.product;
        if (state.was == 0)
            add_product(new_products_, product, /*is_new=*/true);
        else
            add_product(products_, product, /*is_new=*/false);
        if (state.was != 0) products_.back().add(state.was);
    }
}

void BatchWriter::gather_keys(const domain::Changes& changes) {
    for (const auto& answer : changes.answers) key_rows_.push_back({nullptr, &answer});
    // In one order in every transaction, so that two that hold the same keys cannot wait for each other.
    std::sort(key_rows_.begin(), key_rows_.end(), [](const KeyRow& a, const KeyRow& b) { return a.key() < b.key(); });
    for (const KeyRow& row : key_rows_) {
        keys_[0].add_bytes(row.key());
        if (row.order) {
            keys_[1].add_bytes(row.order->fingerprint);
            keys_[2].add_uuid(row.order->order.id);
            keys_[3].add(row.order->order.placed_at);
            keys_[4].add_null();
            keys_[5].add_null();
        } else {
            const std::string& body = row.answer->body;
            keys_[1].add_bytes(row.answer->fingerprint);
            keys_[2].add_null();
            keys_[3].add(row.answer->at);
            keys_[4].add(row.answer->status);
            keys_[5].add_bytes({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
        }
    }
}

// ---- from columns to statements

Params& BatchWriter::pass(Params& params, const Columns& columns) {
    for (const Array& column : columns) params.array(column);
    return params;
}

void BatchWriter::send_products(Connection& connection) {
    new_products_.send(connection, params_.clear());
    if (const auto count = products_[0].size(); count > 0)
        connection.send(batch_sql::update_products,
                        pass(params_.clear(), products_).int64(static_cast<std::int64_t>(count)));
}

void BatchWriter::send_levels(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp,
                              const LockedLevels& locked) {
    for (const auto& [key, level] : changes.levels) {
        const std::array values = {domain::raw(key.product),
                                   domain::raw(key.location),
                                   level.on_hand,
                                   level.unavailable,
                                   level.held,
                                   level.allocated,
                                   level.incoming,
                                   level.version,
                                   level.updated_at};
        const auto was = locked.find(key);
        for (std::size_t at = 0; at < values.size(); ++at) {
            if (was == locked.end())
                new_levels_[at].add(values[at]);
            else
                levels_[at].add(values[at]);
        }
        if (was != locked.end()) levels_.back().add(was->second);
    }
    if (const auto count = levels_[0].size(); count > 0)
        connection.send(batch_sql::update_levels,
                        pass(params_.clear(), levels_).int64(stamp.fence).int64(static_cast<std::int64_t>(count)));
    new_levels_.send(connection, params_.clear().int64(stamp.fence));
}

void BatchWriter::send_orders(Connection& connection, const BatchStamp& stamp) {
    orders_.send(connection, params_.clear().int64(stamp.batch));
    lines_.send(connection, params_.clear());
    if (const auto count = order_states_[0].size(); count > 0) {
        connection.send(batch_sql::update_orders,
                        pass(params_.clear(), order_states_).int64(static_cast<std::int64_t>(count)));
        const auto line_count = static_cast<std::int64_t>(line_states_[0].size());
        connection.send(batch_sql::update_lines, pass(params_.clear(), line_states_).int64(line_count));
    }
}

void BatchWriter::send_accounts(Connection& connection, const domain::Changes& changes) {
    std::unordered_map<std::int64_t, const domain::Account*> last;
    for (const auto& account : changes.accounts) last[domain::raw(account.id)] = &account;
    for (const auto& [id, account] : last) {
        InsertTable& c = accounts_;
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
    accounts_.send(connection, params_.clear());
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
            ended_sessions_.add_bytes(session.token_hash);
            continue;
        }
        sessions_[0].add_bytes(session.token_hash);
        sessions_[1].add(domain::raw(session.account));
        sessions_[2].add(session.created_at);
        sessions_[3].add(session.expires_at);
        sessions_[4].add(session.seen_at);
    }
    for (const auto account : changes.sessions_ended_of) accounts_ended_.add(domain::raw(account));
    sessions_.send(connection, params_.clear());
    if (ended_sessions_.size() > 0) connection.send(batch_sql::delete_sessions, params_.clear().array(ended_sessions_));
    if (accounts_ended_.size() > 0)
        connection.send(batch_sql::delete_sessions_of, params_.clear().array(accounts_ended_));
}

bool BatchWriter::send_outbox(Connection& connection, const domain::Changes& changes, const BatchStamp& stamp) {
    const bool is_news = !changes.items.empty() || !changes.levels.empty() || !changes.accounts.empty() ||
                         !changes.sessions.empty() || !changes.sessions_ended_of.empty();
    if (!is_news) return false;
    outbox_bytes_ = domain::encode_batch(changes);
    params_.clear().int64(stamp.batch).int32(static_cast<std::int32_t>(changes.items.size())).bytes(outbox_bytes_);
    connection.send(batch_sql::insert_outbox, params_);
    return true;
}

}  // namespace onhand::storage::postgres
