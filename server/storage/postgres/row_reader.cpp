// The other half of RowLoader: from the rows that were asked for to the working set.

#include <algorithm>

#include "storage/postgres/row_loader.hpp"
#include "storage/postgres/rows.hpp"

namespace onhand::storage::postgres {

namespace {

// Columns of load_sql::known_keys. Those of the order come first; of an answer, only its time is set among them.
constexpr int at_column = 5;
enum KeyColumn { key_column = order_column_count, fingerprint_column, status_column, body_column };

constexpr int fence_column = 9;  // behind the columns of a level

template <class Value, class Read>
void append_rows(const SqlResult& rows, std::vector<Value>& values, Read&& read) {
    for (int row = 0; row < rows.rows(); ++row) values.push_back(read(rows, row));
}

void reserve(const SqlResult& rows, domain::NumberSource& source) {
    for (int row = 0; row < rows.rows(); ++row) source.reserve(rows.integer(row, 0));
}

}  // namespace

// ---- first round trip

void RowLoader::read_orders(const SqlResult& rows) {
    append_rows(rows, found_.orders, read_order);
    for (const auto& order : found_.orders) {
        for (const auto& line : order.lines) {
            names_.note_product(line.sku, line.level.product);
            names_.note_location(line.location, line.level.location);
        }
    }
}

void RowLoader::read_counts(const SqlResult& rows) {
    found_.account_count = rows.integer(0, 0);
    found_.enabled_admin_count = rows.integer(0, 1);
}

void RowLoader::read_product_names(const SqlResult& rows) {
    for (int row = 0; row < rows.rows(); ++row)
        names_.note_product(rows.text(row, 1), domain::ProductId{rows.integer(row, 0)});
}

void RowLoader::read_location_names(const SqlResult& rows) {
    for (int row = 0; row < rows.rows(); ++row)
        names_.note_location(rows.text(row, 1), domain::LocationId{rows.integer(row, 0)});
}

// ---- second round trip

void RowLoader::read_levels(const SqlResult& rows) {
    for (int row = 0; row < rows.rows(); ++row) {
        const domain::StockLevel level = read_level(rows, row);
        if (fence_ > 0 && rows.integer(row, fence_column) > fence_)
            throw SqlError("40001", "somebody who got the lock of a product later has written already", false);
        found_.levels.emplace(level.key, level);
    }
}

void RowLoader::read_stamp(const SqlResult& rows) {
    batch_->stamp.xid = rows.integer(0, 0);
    batch_->stamp.batch = rows.integer(0, 1);
    batch_->stamp.fence = fence_ > 0 ? fence_ : rows.integer(0, 2);
}

void RowLoader::read_order_numbers(const SqlResult& rows) {
    reserve(rows, set_->sequences.order_number);
}

void RowLoader::read_product_ids(const SqlResult& rows) {
    reserve(rows, set_->sequences.product);
}

void RowLoader::read_location_ids(const SqlResult& rows) {
    reserve(rows, set_->sequences.location);
}

void RowLoader::read_account_ids(const SqlResult& rows) {
    reserve(rows, set_->sequences.account);
}

void RowLoader::read_keys(const SqlResult& rows) {
    for (int row = 0; row < rows.rows(); ++row) {
        KnownKey& known = known_[rows.fixed<16>(row, key_column)];
        known.fingerprint = rows.fixed<16>(row, fingerprint_column);
        if (rows.is_null(row, status_column)) {
            known.answer = domain::as_placed(read_order(rows, row));
            continue;
        }
        const auto body = rows.bytes(row, body_column);
        domain::StoredAnswer answer;
        answer.key = rows.fixed<16>(row, key_column);
        answer.fingerprint = known.fingerprint;
        answer.at = rows.integer(row, at_column);
        answer.status = static_cast<std::int32_t>(rows.integer(row, status_column));
        answer.body.assign(reinterpret_cast<const char*>(body.data()), body.size());
        known.answer = std::move(answer);
    }
}

void RowLoader::read_products(const SqlResult& rows) {
    append_rows(rows, found_.products, read_product);
}

void RowLoader::read_locations(const SqlResult& rows) {
    append_rows(rows, found_.locations, read_location);
}

void RowLoader::read_accounts(const SqlResult& rows) {
    append_rows(rows, found_.accounts, read_account);
}

void RowLoader::read_sessions(const SqlResult& rows) {
    append_rows(rows, found_.sessions, read_session);
}

// ---- into the set; rows that it holds may have been changed by the batch already and stay as they are

void RowLoader::fill() {
    for (auto& product : found_.products)
        if (!set_->has_product(product.sku)) set_->put_product(std::move(product), false);
    for (auto& location : found_.locations)
        if (!set_->has_location(location.code)) set_->put_location(std::move(location));
    for (const auto& name : request_->levels) {
        if (!set_->has_product(name.sku)) set_->absent_product(name.sku);
        if (!set_->has_location(name.location)) set_->absent_location(name.location);
    }
    for (const auto sku : request_->products)
        if (!set_->has_product(sku)) set_->absent_product(sku);
    for (const auto code : request_->locations)
        if (!set_->has_location(code)) set_->absent_location(code);
    fill_levels();
    fill_orders();
    fill_accounts();
}

void RowLoader::fill_levels() {
    for (const auto& [key, level] : found_.levels) {
        batch_->levels.emplace(key, level.version);
        if (!set_->has_level(key)) set_->put_level(level);
    }
    for (const auto& key : plan_.levels)
        if (!set_->has_level(key)) set_->absent_level(key);
    for (const auto sku : request_->products) {
        const auto* const product = std::as_const(*set_).find_product(sku);
        if (!product || set_->has_all_levels(sku)) continue;
        domain::Product same = *product;
        set_->put_product(std::move(same), true);
    }
}

void RowLoader::fill_orders() {
    for (auto& order : found_.orders) {
        batch_->orders.emplace(order.id, order.status);
        set_->put_order(std::move(order));
    }
    for (const auto& id : request_->orders)
        if (!set_->has_order(id)) set_->absent_order(id);
}

void RowLoader::fill_accounts() {
    if (plan_.accounts && !batch_->counted) {
        set_->account_count = found_.account_count;
        set_->enabled_admin_count = found_.enabled_admin_count;
        batch_->counted = true;
    }
    for (auto& account : found_.accounts)
        if (!set_->has_account(account.uuid)) set_->put_account(std::move(account));
    for (const auto email : request_->emails)
        if (!set_->has_email(email)) set_->absent_email(email);
    for (const auto& id : request_->accounts)
        if (!set_->has_account(id)) set_->absent_account(id);
    for (const auto& session : found_.sessions)
        if (!set_->has_session(session.token_hash)) set_->put_session(session);
    for (const auto& hash : request_->sessions)
        if (!set_->has_session(hash)) set_->absent_session(hash);
}

KnownKeys RowLoader::known_keys(std::span<const domain::KeyHash> keys) const {
    KnownKeys answers;
    answers.reserve(keys.size());
    for (const auto& key : keys) {
        const auto known = known_.find(key);
        if (known == known_.end()) {
            answers.emplace_back();
            continue;
        }
        answers.emplace_back(known->second);
    }
    return answers;
}

}  // namespace onhand::storage::postgres
