#include "storage/sqlite/row_loader.hpp"

#include <algorithm>

namespace onhand::storage::sqlite {

namespace {

std::string select_from(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

// Requests call the default location by the empty text.
std::string_view stored_code(std::string_view code) {
    return code.empty() ? std::string_view(domain::main_location_code) : code;
}

void keep_greatest(Uuid& last, Connection& connection, const char* sql) {
    Statement select(connection, sql);
    auto row = select.open();
    while (row.next()) last = std::max(last, Uuid{row.bytes<16>(0)});
}

}  // namespace

RowLoader::RowLoader(Connection& connection, OrderLookup& orders)
    : connection_(connection),
      orders_(orders),
      select_product_(connection, select_from(product_columns, "product WHERE sku = ?")),
      select_location_(connection, select_from(location_columns, "location WHERE code = ?")),
      select_level_(connection, select_from(level_columns, "level WHERE product = ? AND location = ?")),
      select_levels_of_(connection, select_from(level_columns, "level WHERE product = ?")),
      select_email_(connection, select_from(account_columns, "account WHERE email = ?")),
      select_uuid_(connection, select_from(account_columns, "account WHERE uuid = ?")),
      select_account_(connection, select_from(account_columns, "account WHERE id = ?")),
      select_session_(connection, select_from(session_columns, "session WHERE token_hash = ?")) {}

void RowLoader::load(const domain::RowRequest& request, domain::WorkingSet& set) {
    for (const auto& name : request.levels) {
        load_product(name.sku, set);
        load_location(name.location, set);
        const auto* product = std::as_const(set).find_product(name.sku);
        const auto* location = set.find_location(name.location);
        if (product && location) load_level({product->id, location->id}, set);
    }
    for (const auto sku : request.products) load_product_with_levels(sku, set);
    for (const auto code : request.locations) load_location(code, set);
    for (const auto& id : request.orders) load_order(id, set);
    for (const auto email : request.emails) {
        bool found = set.has_email(email);
        if (!found) load_account(select_email_.open(email), set, found);
        if (!found) set.absent_email(email);
    }
    for (const auto& id : request.accounts) {
        bool found = set.has_account(id);
        if (!found) load_account(select_uuid_.open(id.bytes), set, found);
        if (!found) set.absent_account(id);
    }
    for (const auto id : request.account_ids) {
        bool found = set.has_account(id);
        if (!found) load_account(select_account_.open(domain::raw(id)), set, found);
    }
    for (const auto& hash : request.sessions) load_session(hash, set);
}

void RowLoader::load_product(std::string_view sku, domain::WorkingSet& set) {
    if (set.has_product(sku)) return;
    auto row = select_product_.open(sku);
    if (row.next())
        set.put_product(read_product(row), false);
    else
        set.absent_product(sku);
}

void RowLoader::load_product_with_levels(std::string_view sku, domain::WorkingSet& set) {
    if (set.has_all_levels(sku)) return;
    load_product(sku, set);
    const auto* known = std::as_const(set).find_product(sku);
    if (!known) return;
    const domain::Product product = *known;
    auto row = select_levels_of_.open(domain::raw(product.id));
    while (row.next()) {
        const domain::StockLevel level = read_level(row);
        if (!set.has_level(level.key)) set.put_level(level);
    }
    set.put_product(product, true);
}

void RowLoader::load_location(std::string_view code, domain::WorkingSet& set) {
    const std::string_view stored = stored_code(code);
    if (set.has_location(stored)) return;
    auto row = select_location_.open(stored);
    if (row.next())
        set.put_location(read_location(row));
    else
        set.absent_location(stored);
}

void RowLoader::load_level(domain::LevelKey key, domain::WorkingSet& set) {
    if (set.has_level(key)) return;
    auto row = select_level_.open(domain::raw(key.product), domain::raw(key.location));
    if (row.next())
        set.put_level(read_level(row));
    else
        set.absent_level(key);
}

void RowLoader::load_order(const Uuid& id, domain::WorkingSet& set) {
    if (set.has_order(id)) return;
    auto stored = orders_.by_uuid(id);
    if (!stored) {
        set.absent_order(id);
        return;
    }
    for (const auto& line : stored->order.lines) {
        load_product(line.sku, set);
        load_location(line.location, set);
        load_level(line.level, set);
    }
    set.put_order(std::move(stored->order));
}

void RowLoader::load_account(Cursor row, domain::WorkingSet& set, bool& found) {
    found = row.next();
    if (!found) return;
    auto account = read_account(row);
    if (!set.has_account(account.uuid)) set.put_account(std::move(account));
}

void RowLoader::load_session(const domain::TokenHash& hash, domain::WorkingSet& set) {
    if (set.has_session(hash)) return;
    auto row = select_session_.open(hash);
    if (!row.next()) {
        set.absent_session(hash);
        return;
    }
    const domain::Session session = read_session(row);
    set.put_session(session);
    bool found = set.has_account(session.account);
    if (!found) load_account(select_account_.open(domain::raw(session.account)), set, found);
}

Uuid RowLoader::prepare(domain::WorkingSet& set) {
    auto& sequences = set.sequences;
    sequences.product.count_from(connection_.query_int("SELECT coalesce(max(id), 0) + 1 FROM product"));
    sequences.location.count_from(connection_.query_int("SELECT coalesce(max(id), 0) + 1 FROM location"));
    sequences.account.count_from(connection_.query_int("SELECT coalesce(max(id), 0) + 1 FROM account"));
    const std::int64_t last_number =
        connection_.query_int("SELECT coalesce((SELECT number FROM orders ORDER BY seq DESC LIMIT 1), 0)");
    sequences.order_number.count_from(std::max(last_number + 1, domain::first_order_number));
    set.account_count = connection_.query_int("SELECT count(*) FROM account");
    set.enabled_admin_count = connection_.query_int("SELECT count(*) FROM account WHERE role = 3 AND disabled = 0");
    // Ids rise along the feed, so the last rows hold the greatest. Accounts are not in the feed.
    Uuid last;
    keep_greatest(last, connection_, "SELECT uuid FROM orders ORDER BY seq DESC LIMIT 1");
    keep_greatest(last, connection_, "SELECT id FROM movement ORDER BY seq DESC LIMIT 1");
    keep_greatest(last, connection_, "SELECT cause_id FROM movement ORDER BY seq DESC LIMIT 1");
    keep_greatest(last, connection_, "SELECT max(uuid) FROM account");
    return last;
}

}  // namespace onhand::storage::sqlite
