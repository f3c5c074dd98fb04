#include "storage/postgres/row_loader.hpp"

#include <algorithm>
#include <cstring>

#include "base/sort_unique.hpp"
#include "storage/postgres/load_sql.hpp"
#include "storage/postgres/rows.hpp"

namespace onhand::storage::postgres {

namespace {

// Levels that are absent make the load begin anew with their products locked; once is enough.
constexpr int tries_max = 3;

std::string_view stored_code(std::string_view code) {
    return code.empty() ? std::string_view(domain::main_location_code) : code;
}

const Array& fill_column(Array& column, const std::vector<std::int64_t>& values) {
    column.clear();
    for (const auto value : values) column.add(value);
    return column;
}

const Array& fill_column(Array& column, const std::vector<Uuid>& values) {
    column.clear();
    for (const auto& value : values) column.add_uuid(value);
    return column;
}

template <class Text>
const Array& fill_column(Array& column, const std::vector<Text>& values) {
    column.clear();
    for (const auto& value : values) column.add_text(value);
    return column;
}

}  // namespace

std::size_t RowLoader::HashKey::operator()(const domain::KeyHash& key) const noexcept {
    // Keys are hashes already.
    std::size_t value = 0;
    std::memcpy(&value, key.data(), sizeof value);
    return value;
}

KnownKeys RowLoader::load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                          domain::WorkingSet& set, OpenBatch& batch, std::int64_t fence) {
    request_ = &request;
    set_ = &set;
    batch_ = &batch;
    fence_ = fence;
    known_.clear();
    load_rows(keys);
    fill();
    batch.loaded = true;
    return known_keys(keys);
}

void RowLoader::open(OpenBatch& batch, std::int64_t fence) {
    batch_ = &batch;
    fence_ = fence;
    readers_.clear();
    begin();
    ask_stamp();
    run();
}

void RowLoader::load_rows(std::span<const domain::KeyHash> keys) {
    plan_ = {};
    for (int attempt = 0; attempt < tries_max; ++attempt) {
        found_ = {};
        readers_.clear();
        plan_names();
        first_trip();
        plan_rows();
        second_trip(keys);
        if (!lock_products_of_absent_levels()) return;
        if (batch_->loaded) continue;
        // Products are locked before levels. Nobody has seen the rows yet, so all the locks can be taken anew.
        connection_.rollback();
        *batch_ = {};
        known_.clear();
    }
    throw SqlError("40001", "the levels of a batch changed while it was loaded", false);
}

// ---- what to ask for

std::optional<domain::ProductId> RowLoader::product_id(std::string_view sku) const {
    if (!set_->has_product(sku)) return names_.product(sku);
    const auto* const product = std::as_const(*set_).find_product(sku);
    if (!product) return std::nullopt;
    return product->id;
}

std::optional<domain::LocationId> RowLoader::location_id(std::string_view code) const {
    if (!set_->has_location(code)) return names_.location(code);
    const auto* const location = set_->find_location(code);
    if (!location) return std::nullopt;
    return location->id;
}

void RowLoader::plan_names() {
    const auto sku_of = [this](std::string_view sku) {
        if (!set_->has_product(sku) && !names_.product(sku)) plan_.unknown_skus.push_back(sku);
    };
    const auto code_of = [this](std::string_view code) {
        const auto stored = stored_code(code);
        if (!set_->has_location(stored) && !names_.location(stored)) plan_.unknown_codes.push_back(stored);
    };
    plan_.unknown_skus.clear();
    plan_.unknown_codes.clear();
    plan_.orders.clear();
    for (const auto& name : request_->levels) {
        sku_of(name.sku);
        code_of(name.location);
    }
    for (const auto sku : request_->products) sku_of(sku);
    for (const auto code : request_->locations) code_of(code);
    for (const auto& id : request_->orders)
        if (!set_->has_order(id)) plan_.orders.push_back(id);
    sort_unique(plan_.unknown_skus);
    sort_unique(plan_.unknown_codes);
    sort_unique(plan_.orders);
    plan_.accounts = !request_->emails.empty() || !request_->accounts.empty();
}

void RowLoader::plan_rows() {
    // New products come from requests that may also change the ones there are (imports).
    const bool changes_products = request_->draws.products > 0;
    const auto row_of_location = [this](std::string_view code, domain::LocationId id) {
        if (!set_->has_location(code)) plan_.locations.push_back(domain::raw(id));
    };
    for (const auto& name : request_->levels) {
        const auto code = stored_code(name.location);
        const auto product = product_id(name.sku);
        const auto location = location_id(code);
        if (location) row_of_location(code, *location);
        if (!product) continue;
        if (!set_->has_product(name.sku)) plan_.products.push_back(domain::raw(*product));
        if (changes_products) plan_.locked_products.push_back(domain::raw(*product));
        if (location && !set_->has_level(domain::LevelKey{*product, *location}))
            plan_.levels.push_back({*product, *location});
    }
    for (const auto sku : request_->products) {
        const auto product = product_id(sku);
        if (!product || set_->has_all_levels(sku)) continue;
        plan_.locked_products.push_back(domain::raw(*product));
        plan_.whole_products.push_back(domain::raw(*product));
        if (!set_->has_product(sku)) plan_.products.push_back(domain::raw(*product));
    }
    for (const auto code : request_->locations)
        if (const auto location = location_id(stored_code(code))) row_of_location(stored_code(code), *location);
    plan_levels_of_lines();
    sort_plan();
}

void RowLoader::plan_levels_of_lines() {
    for (const auto& order : found_.orders) {
        for (const auto& line : order.lines) {
            if (!set_->has_product(line.sku)) plan_.products.push_back(domain::raw(line.level.product));
            if (!set_->has_location(line.location)) plan_.locations.push_back(domain::raw(line.level.location));
            if (!set_->has_level(line.level)) plan_.levels.push_back(line.level);
        }
    }
}

void RowLoader::sort_plan() {
    sort_unique(plan_.locked_products);
    sort_unique(plan_.whole_products);
    sort_unique(plan_.products);
    sort_unique(plan_.locations);
    sort_unique(plan_.levels);
}

// True when the load has to begin anew.
bool RowLoader::lock_products_of_absent_levels() {
    bool again = false;
    for (const auto& key : plan_.levels) {
        if (found_.levels.contains(key)) continue;
        auto& locked = plan_.locked_products;
        const auto place = std::lower_bound(locked.begin(), locked.end(), domain::raw(key.product));
        if (place != locked.end() && *place == domain::raw(key.product)) continue;
        locked.insert(place, domain::raw(key.product));
        again = true;
    }
    return again;
}

// ---- round trips

void RowLoader::begin() {
    if (batch_->begun) return;
    connection_.send_begin();
    batch_->begun = true;
}

void RowLoader::ask(const Statement& statement, const Params& params, Reader read) {
    begin();
    connection_.send(statement, params);
    readers_.push_back(read);
}

void RowLoader::run() {
    if (readers_.empty()) return;
    connection_.sync();
    for (const Reader read : readers_) {
        const SqlResult rows = connection_.next_result();
        (this->*read)(rows);
    }
    readers_.clear();
}

void RowLoader::first_trip() {
    if (!plan_.orders.empty()) {
        params_.clear().array(fill_column(uuid_column_, plan_.orders));
        ask(load_sql::lock_orders, params_, &RowLoader::read_orders);
    }
    if (plan_.accounts) {
        ask(load_sql::lock_accounts, params_.clear(), &RowLoader::read_nothing);
        if (!batch_->counted) ask(load_sql::count_accounts, params_.clear(), &RowLoader::read_counts);
    }
    if (!plan_.unknown_skus.empty())
        ask(load_sql::product_names, params_.clear().array(fill_column(text_column_, plan_.unknown_skus)),
            &RowLoader::read_product_names);
    if (!plan_.unknown_codes.empty())
        ask(load_sql::location_names, params_.clear().array(fill_column(text_column_, plan_.unknown_codes)),
            &RowLoader::read_location_names);
    run();
}

void RowLoader::second_trip(std::span<const domain::KeyHash> keys) {
    if (!plan_.locked_products.empty())
        ask(load_sql::lock_products, params_.clear().array(fill_column(int_column_, plan_.locked_products)),
            &RowLoader::read_nothing);
    ask_levels();
    // The stamp is drawn under the row locks: whoever gets these locks later gets greater numbers.
    ask_stamp();
    ask_all_numbers();
    ask_keys(keys);
    ask_products_and_locations();
    ask_accounts();
    ask_sessions();
    run();
}

void RowLoader::ask_levels() {
    if (plan_.levels.empty() && plan_.whole_products.empty()) return;
    int_column_.clear();
    other_int_column_.clear();
    for (const auto& key : plan_.levels) {
        int_column_.add(domain::raw(key.product));
        other_int_column_.add(domain::raw(key.location));
    }
    params_.clear().array(int_column_).array(other_int_column_);
    if (plan_.whole_products.empty()) return ask(load_sql::lock_levels, params_, &RowLoader::read_levels);
    Array whole(Type::int64);
    params_.array(fill_column(whole, plan_.whole_products));
    ask(load_sql::lock_levels_and_all_of, params_, &RowLoader::read_levels);
}

void RowLoader::ask_stamp() {
    ask(load_sql::stamp, params_.clear().boolean(fence_ == 0), &RowLoader::read_stamp);
}

void RowLoader::ask_numbers(const Statement& statement, std::size_t wanted, const domain::NumberSource& source,
                            Reader read) {
    // What is left over from earlier batches is used first; within one batch it may be promised to an earlier load.
    const std::size_t left = batch_->loaded ? 0 : source.reserved();
    if (wanted <= left) return;
    ask(statement, params_.clear().int64(static_cast<std::int64_t>(wanted - left)), read);
}

void RowLoader::ask_all_numbers() {
    const auto& draws = request_->draws;
    const auto& from = set_->sequences;
    ask_numbers(load_sql::draw_order_numbers, draws.orders, from.order_number, &RowLoader::read_order_numbers);
    ask_numbers(load_sql::draw_product_ids, draws.products, from.product, &RowLoader::read_product_ids);
    ask_numbers(load_sql::draw_location_ids, draws.locations, from.location, &RowLoader::read_location_ids);
    ask_numbers(load_sql::draw_account_ids, draws.accounts, from.account, &RowLoader::read_account_ids);
}

void RowLoader::ask_keys(std::span<const domain::KeyHash> keys) {
    uuid_column_.clear();
    for (const auto& key : keys)
        if (key != domain::KeyHash{}) uuid_column_.add_bytes(key);
    if (uuid_column_.size() > 0) ask(load_sql::known_keys, params_.clear().array(uuid_column_), &RowLoader::read_keys);
}

void RowLoader::ask_products_and_locations() {
    if (!plan_.products.empty())
        ask(load_sql::products, params_.clear().array(fill_column(int_column_, plan_.products)),
            &RowLoader::read_products);
    if (!plan_.locations.empty())
        ask(load_sql::locations, params_.clear().array(fill_column(int_column_, plan_.locations)),
            &RowLoader::read_locations);
}

void RowLoader::ask_accounts() {
    if (plan_.accounts) {
        params_.clear().array(fill_column(text_column_, request_->emails));
        params_.array(fill_column(uuid_column_, request_->accounts));
        ask(load_sql::lock_accounts_named, params_, &RowLoader::read_accounts);
    }
    if (request_->account_ids.empty()) return;
    int_column_.clear();
    for (const auto id : request_->account_ids) int_column_.add(domain::raw(id));
    ask(load_sql::accounts_by_id, params_.clear().array(int_column_), &RowLoader::read_accounts);
}

void RowLoader::ask_sessions() {
    if (request_->sessions.empty()) return;
    bytes_column_.clear();
    for (const auto& hash : request_->sessions) bytes_column_.add_bytes(hash);
    params_.clear().array(bytes_column_);
    ask(load_sql::lock_sessions, params_, &RowLoader::read_sessions);
    ask(load_sql::accounts_of_sessions, params_, &RowLoader::read_accounts);
}

}  // namespace onhand::storage::postgres
