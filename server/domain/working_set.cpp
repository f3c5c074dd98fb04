#include "domain/working_set.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"

namespace onhand::domain {

namespace {

constexpr const char* was_loaded = "a row is loaded before it is judged";

std::string_view or_default(std::string_view code) {
    return code.empty() ? std::string_view(main_location_code) : code;
}

std::string bytes_of(const TokenHash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// The value behind `key` in a map of optionals: nullptr when the row is known to be absent.
template <class Map, class Key>
auto* find_loaded(Map& map, const Key& key) {
    const auto found = map.find(key);
    ensure(found != map.end(), was_loaded);
    return found->second ? &*found->second : nullptr;
}

}  // namespace

// ---- filling

void WorkingSet::put_product(Product product, bool with_all_levels) {
    product_skus_[raw(product.id)] = product.sku;
    auto& entry = products_[product.sku];
    // Levels that were all known stay all known: what changed since then went through this set.
    entry.all_levels = with_all_levels || (entry.product && entry.all_levels);
    entry.product = std::move(product);
}

void WorkingSet::absent_product(std::string_view sku) {
    products_[std::string(sku)] = ProductEntry{};
}

void WorkingSet::put_location(Location location) {
    location_codes_[raw(location.id)] = location.code;
    auto& entry = locations_[location.code];
    entry = std::move(location);
}

void WorkingSet::put_new_location(Location location) {
    new_locations_.insert(raw(location.id));
    put_location(std::move(location));
}

void WorkingSet::absent_location(std::string_view code) {
    locations_[std::string(or_default(code))] = std::nullopt;
}

void WorkingSet::put_level(const StockLevel& level) {
    auto& entry = levels_[level.key];
    if (!entry) levels_by_product_[raw(level.key.product)].push_back(level.key);
    entry = level;
}

void WorkingSet::absent_level(LevelKey key) {
    auto& entry = levels_[key];
    if (entry) std::erase(levels_by_product_[raw(key.product)], key);
    entry.reset();
}

void WorkingSet::put_order(Order order) {
    auto& entry = orders_[order.id];
    entry = std::move(order);
}

void WorkingSet::absent_order(const Uuid& id) {
    orders_[id] = std::nullopt;
}

void WorkingSet::put_account(Account account) {
    account_uuids_[raw(account.id)] = account.uuid;
    emails_[account.email] = account.uuid;
    auto& entry = accounts_[account.uuid];
    entry = std::move(account);
}

void WorkingSet::absent_email(std::string_view email) {
    emails_[std::string(email)] = std::nullopt;
}

void WorkingSet::absent_account(const Uuid& id) {
    accounts_[id] = std::nullopt;
}

void WorkingSet::put_session(const Session& session) {
    sessions_[bytes_of(session.token_hash)] = session;
}

void WorkingSet::absent_session(const TokenHash& hash) {
    sessions_[bytes_of(hash)] = std::nullopt;
}

// ---- what is known

bool WorkingSet::has_product(std::string_view sku) const {
    return products_.contains(sku);
}

bool WorkingSet::has_all_levels(std::string_view sku) const {
    const auto found = products_.find(sku);
    return found != products_.end() && (!found->second.product || found->second.all_levels);
}

bool WorkingSet::has_location(std::string_view code) const {
    return locations_.contains(or_default(code));
}

bool WorkingSet::has_level(LevelKey key) const {
    if (levels_.contains(key) || new_locations_.contains(raw(key.location))) return true;
    // Where all levels of a product are known, a missing one is known to be absent.
    const auto sku = product_skus_.find(raw(key.product));
    return sku != product_skus_.end() && has_all_levels(sku->second);
}

bool WorkingSet::has_level(std::string_view sku, std::string_view location) const {
    const auto product = products_.find(sku);
    const auto place = locations_.find(or_default(location));
    if (product == products_.end() || place == locations_.end()) return false;
    if (!product->second.product || !place->second) return true;
    return product->second.all_levels || has_level(LevelKey{product->second.product->id, place->second->id});
}

bool WorkingSet::has_order(const Uuid& id) const {
    return orders_.contains(id);
}

bool WorkingSet::has_email(std::string_view email) const {
    return emails_.contains(email);
}

bool WorkingSet::has_account(const Uuid& id) const {
    return accounts_.contains(id);
}

bool WorkingSet::has_account(AccountId id) const {
    return account_uuids_.contains(raw(id));
}

bool WorkingSet::has_session(const TokenHash& hash) const {
    return sessions_.contains(bytes_of(hash));
}

// ---- asking

Product* WorkingSet::find_product(std::string_view sku) {
    return const_cast<Product*>(std::as_const(*this).find_product(sku));
}

const Product* WorkingSet::find_product(std::string_view sku) const {
    const auto found = products_.find(sku);
    ensure(found != products_.end(), was_loaded);
    return found->second.product ? &*found->second.product : nullptr;
}

const Product* WorkingSet::find_product(ProductId id) const {
    const auto sku = product_skus_.find(raw(id));
    ensure(sku != product_skus_.end(), was_loaded);
    return find_product(sku->second);
}

const Location* WorkingSet::find_location(std::string_view code) const {
    return find_loaded(locations_, or_default(code));
}

const Location* WorkingSet::find_location(LocationId id) const {
    const auto code = location_codes_.find(raw(id));
    ensure(code != location_codes_.end(), was_loaded);
    return find_location(code->second);
}

StockLevel* WorkingSet::find_level(LevelKey key) {
    const auto found = levels_.find(key);
    if (found != levels_.end()) return found->second ? &*found->second : nullptr;
    ensure(has_level(key), was_loaded);
    return nullptr;
}

std::vector<LevelKey> WorkingSet::levels_of(ProductId id) const {
    const auto sku = product_skus_.find(raw(id));
    ensure(sku != product_skus_.end() && has_all_levels(sku->second), was_loaded);
    const auto found = levels_by_product_.find(raw(id));
    return found == levels_by_product_.end() ? std::vector<LevelKey>{} : found->second;
}

Order* WorkingSet::find_order(const Uuid& id) {
    return find_loaded(orders_, id);
}

Account* WorkingSet::find_account(const Uuid& id) {
    return find_loaded(accounts_, id);
}

Account* WorkingSet::find_account(AccountId id) {
    const auto uuid = account_uuids_.find(raw(id));
    return uuid == account_uuids_.end() ? nullptr : find_account(uuid->second);
}

const Account* WorkingSet::find_email(std::string_view email) const {
    const auto* const uuid = find_loaded(emails_, email);
    return uuid == nullptr ? nullptr : find_loaded(accounts_, *uuid);
}

Session* WorkingSet::find_session(const TokenHash& hash) {
    return find_loaded(sessions_, bytes_of(hash));
}

void WorkingSet::erase_session(const TokenHash& hash) {
    absent_session(hash);
}

void WorkingSet::erase_sessions_of(AccountId id) {
    for (auto& [bytes, session] : sessions_)
        if (session && session->account == id) session.reset();
}

// ---- size

std::size_t WorkingSet::size() const {
    return products_.size() + locations_.size() + levels_.size() + orders_.size() + accounts_.size() + emails_.size() +
           sessions_.size();
}

void WorkingSet::clear() {
    products_.clear();
    product_skus_.clear();
    locations_.clear();
    location_codes_.clear();
    new_locations_.clear();
    levels_.clear();
    levels_by_product_.clear();
    accounts_.clear();
    account_uuids_.clear();
    emails_.clear();
    forget_documents();
}

void WorkingSet::forget_documents() {
    orders_.clear();
    sessions_.clear();
    for (const auto& sku : passing_) forget_product(sku);
    passing_.clear();
}

void WorkingSet::note_passing(std::string_view sku) {
    passing_.emplace_back(sku);
}

// Levels known to be absent stay known: nobody else makes them.
void WorkingSet::forget_product(const std::string& sku) {
    const auto found = products_.find(sku);
    if (found == products_.end()) return;
    if (found->second.product) {
        const auto id = raw(found->second.product->id);
        if (const auto levels = levels_by_product_.find(id); levels != levels_by_product_.end()) {
            for (const auto key : levels->second) {
                levels_.erase(key);
                // From now on there are levels at this place that the set does not know of.
                new_locations_.erase(raw(key.location));
            }
            levels_by_product_.erase(levels);
        }
        product_skus_.erase(id);
    }
    products_.erase(found);
}

}  // namespace onhand::domain
