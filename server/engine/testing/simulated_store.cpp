#include "engine/testing/simulated_store.hpp"

#include <algorithm>
#include <string>

#include "base/ensure.hpp"
#include "domain/order_search.hpp"

namespace onhand::engine {

using storage::CommitResult;
using storage::CommitStatus;
using storage::KnownKey;
using storage::StoreErrc;
using storage::StoreError;

SimulatedStore::SimulatedStore() {
    domain::Location main;
    main.id = domain::main_location;
    main.code = domain::main_location_code;
    main.name = "Main location";
    locations_[raw(main.id)] = main;
}

Result<Uuid, StoreError> SimulatedStore::prepare(domain::WorkingSet& set) {
    const std::lock_guard lock(mutex_);
    set.sequences.product.count_from(products_.empty() ? 1 : products_.rbegin()->first + 1);
    set.sequences.location.count_from(locations_.rbegin()->first + 1);
    set.sequences.account.count_from(accounts_.empty() ? 1 : accounts_.rbegin()->first + 1);
    set.sequences.order_number.count_from(exclusive ? next_number_ : 0);
    set.account_count = static_cast<std::int64_t>(accounts_.size());
    set.enabled_admin_count = std::count_if(accounts_.begin(), accounts_.end(), [](const auto& entry) {
        return entry.second.role == domain::Role::admin && !entry.second.disabled;
    });
    Uuid last = orders_.empty() ? Uuid{} : orders_.rbegin()->first;
    for (const auto& [id, account] : accounts_) last = std::max(last, account.uuid);
    return last;
}

const domain::Product* SimulatedStore::product_of(std::string_view sku) const {
    for (const auto& [id, product] : products_)
        if (product.sku == sku) return &product;
    return nullptr;
}

const domain::Location* SimulatedStore::location_of(std::string_view code) const {
    if (code.empty()) code = domain::main_location_code;
    for (const auto& [id, location] : locations_)
        if (location.code == code) return &location;
    return nullptr;
}

void SimulatedStore::load_product(std::string_view sku, bool all_levels, domain::WorkingSet& set) const {
    const auto* product = product_of(sku);
    if (product == nullptr) return set.absent_product(sku);
    set.put_product(*product, all_levels);
    if (!all_levels) return;
    for (const auto& [key, level] : levels_) {
        if (key.product != product->id) continue;
        set.put_level(level);
        set.put_location(locations_.at(raw(key.location)));
    }
}

void SimulatedStore::load_location(std::string_view code, domain::WorkingSet& set) const {
    const auto* location = location_of(code);
    if (location == nullptr)
        set.absent_location(code);
    else
        set.put_location(*location);
}

void SimulatedStore::load_level(const domain::RowRequest::LevelName& name, domain::WorkingSet& set) const {
    if (!set.has_product(name.sku)) load_product(name.sku, false, set);
    if (!set.has_location(name.location)) load_location(name.location, set);
    const auto* product = product_of(name.sku);
    const auto* location = location_of(name.location);
    if (product == nullptr || location == nullptr) return;
    const domain::LevelKey key{product->id, location->id};
    if (const auto found = levels_.find(key); found != levels_.end())
        set.put_level(found->second);
    else
        set.absent_level(key);
}

void SimulatedStore::load_order(const Uuid& id, domain::WorkingSet& set) const {
    const auto found = orders_.find(id);
    if (found == orders_.end()) return set.absent_order(id);
    set.put_order(found->second.order);
    for (const auto& line : found->second.order.lines) load_level({line.sku, line.location}, set);
}

void SimulatedStore::load_accounts(const domain::RowRequest& request, domain::WorkingSet& set) const {
    const auto put_where = [&](auto fits) {
        for (const auto& [id, account] : accounts_)
            if (fits(account)) return set.put_account(account), true;
        return false;
    };
    for (const auto email : request.emails)
        if (!put_where([&](const auto& account) { return account.email == email; })) set.absent_email(email);
    for (const auto& uuid : request.accounts)
        if (!put_where([&](const auto& account) { return account.uuid == uuid; })) set.absent_account(uuid);
    for (const auto id : request.account_ids) put_where([&](const auto& account) { return account.id == id; });
    for (const auto& hash : request.sessions) {
        if (const auto found = sessions_.find(hash); found != sessions_.end())
            set.put_session(found->second);
        else
            set.absent_session(hash);
    }
}

Result<storage::KnownKeys, StoreError> SimulatedStore::load(std::span<const domain::KeyHash> keys,
                                                            const domain::RowRequest& request,
                                                            domain::WorkingSet& set) {
    if (on_load && on_load()) return StoreError{StoreErrc::unavailable, "simulated: load"};
    const std::lock_guard lock(mutex_);
    for (const auto sku : request.products) load_product(sku, true, set);
    for (const auto code : request.locations) load_location(code, set);
    for (const auto& name : request.levels) load_level(name, set);
    for (const auto& id : request.orders) load_order(id, set);
    load_accounts(request, set);
    if (!exclusive) reserve_numbers(request.draws.orders, set);
    storage::KnownKeys known(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] != domain::KeyHash{}) ++keys_looked_up;
        if (const auto order = order_keys_.find(keys[i]); order != order_keys_.end()) {
            const auto& stored = orders_.at(order->second);
            known[i] = KnownKey{stored.fingerprint, domain::as_placed(stored.order)};
        } else if (const auto answer = answers_.find(keys[i]); answer != answers_.end()) {
            known[i] = KnownKey{answer->second.fingerprint, answer->second};
        }
    }
    return known;
}

// So many are there then.
void SimulatedStore::reserve_numbers(std::size_t count, domain::WorkingSet& set) {
    auto& numbers = set.sequences.order_number;
    while (numbers.reserved() < count) numbers.reserve(next_number_++);
}

CommitResult SimulatedStore::commit(domain::Changes& changes) {
    const auto fault = on_commit ? on_commit(commits_++) : CommitFault::none;
    const std::lock_guard lock(mutex_);
    return write_or_fail(changes, fault);
}

CommitResult SimulatedStore::commit_presumed(domain::Changes& changes, const storage::Presumption& rows,
                                             std::size_t more_numbers, domain::WorkingSet& set) {
    if (on_presumed) on_presumed();
    const auto fault = on_commit ? on_commit(commits_++) : CommitFault::none;
    const std::lock_guard lock(mutex_);
    ensure(changes.levels.size() == rows.levels.size(), "a presumed batch changes every level it was judged on");
    if (!holds(rows)) {
        ++presumed_wrongly;
        return {CommitStatus::not_committed, {StoreErrc::conflict, "simulated: a row is not as presumed"}};
    }
    auto result = write_or_fail(changes, fault);
    if (result.status != CommitStatus::committed) return result;
    ++presumed;
    reserve_numbers(set.sequences.order_number.reserved() + more_numbers, set);
    return result;
}

bool SimulatedStore::holds(const storage::Presumption& rows) const {
    const auto same = [](const auto& table, const auto& key, std::int64_t version) {
        const auto found = table.find(key);
        return found != table.end() && found->second.version == version;
    };
    bool all = true;
    for (const auto& [key, version] : rows.levels) all = all && same(levels_, key, version);
    for (const auto& [id, version] : rows.products) all = all && same(products_, raw(id), version);
    for (const auto& [id, version] : rows.locations) all = all && same(locations_, raw(id), version);
    return all;
}

// What locked rows see to in a real store: nobody else wrote between load() and here.
bool SimulatedStore::is_judged_on_these_rows(const domain::Changes& changes) const {
    std::map<domain::LevelKey, std::int64_t> versions;
    for (const auto& item : changes.items) {
        const auto* movement = std::get_if<domain::Movement>(&item);
        if (movement == nullptr) continue;
        const auto stored = levels_.find(movement->after.key);
        const auto [version, is_first] = versions.try_emplace(movement->after.key, 0);
        if (is_first && stored != levels_.end()) version->second = stored->second.version;
        if (movement->after.version != ++version->second) return false;
    }
    return true;
}

bool SimulatedStore::keys_are_new(const domain::Changes& changes) const {
    const auto is_used = [this](const domain::KeyHash& key) {
        return order_keys_.contains(key) || answers_.contains(key);
    };
    for (const auto& answer : changes.answers)
        if (is_used(answer.key)) return false;
    for (const auto& item : changes.items) {
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (event != nullptr && event->key != domain::KeyHash{} && is_used(event->key)) return false;
    }
    return true;
}

// Under the lock.
CommitResult SimulatedStore::write_or_fail(domain::Changes& changes, CommitFault fault) {
    const auto refused = [](StoreErrc code) { return CommitResult{CommitStatus::not_committed, {code, "simulated"}}; };
    resolvable_ = fault != CommitFault::unknown_forever;
    last_applied_ = false;
    switch (fault) {
        case CommitFault::conflict:
            return refused(StoreErrc::conflict);
        case CommitFault::full:
            return refused(StoreErrc::full);
        case CommitFault::unavailable:
            return refused(StoreErrc::unavailable);
        case CommitFault::corrupt:
            return refused(StoreErrc::corrupt);
        case CommitFault::unknown_lost:
            return {CommitStatus::unknown, {StoreErrc::unavailable, "simulated"}};
        default:
            break;
    }
    if (rejects && rejects(changes)) return refused(StoreErrc::rejected);
    if (!exclusive && !(is_judged_on_these_rows(changes) && keys_are_new(changes))) return refused(StoreErrc::conflict);
    write(changes);
    last_applied_ = true;
    if (fault == CommitFault::none) return {CommitStatus::committed, {}};
    return {CommitStatus::unknown, {StoreErrc::unavailable, "simulated"}};
}

CommitStatus SimulatedStore::resolve(domain::Changes&) {
    const std::lock_guard lock(mutex_);
    if (!resolvable_) return CommitStatus::unknown;
    return last_applied_ ? CommitStatus::committed : CommitStatus::not_committed;
}

void SimulatedStore::write(domain::Changes& changes) {
    for (auto& item : changes.items) {
        domain::set_seq(item, static_cast<domain::FeedSeq>(items_.size()) + 1);
        items_.push_back(item);
        if (const auto* event = std::get_if<domain::OrderEvent>(&item)) {
            auto& stored = orders_[event->order.id];
            stored.order = event->order;
            if (event->kind != domain::OrderEvent::Kind::placed) continue;
            stored.placed_seq = event->seq;
            next_number_ = std::max(next_number_, event->order.number + 1);
            stored.fingerprint = event->fingerprint;
            if (event->key != domain::KeyHash{}) order_keys_[event->key] = event->order.id;
        } else if (const auto* product = std::get_if<domain::ProductEvent>(&item)) {
            products_[raw(product->product.id)] = product->product;
        } else if (const auto* location = std::get_if<domain::LocationEvent>(&item)) {
            locations_[raw(location->location.id)] = location->location;
        }
    }
    for (const auto& [key, level] : changes.levels) {
        ensure(domain::is_valid(level), "available_never_negative");
        levels_[key] = level;
    }
    for (const auto& account : changes.accounts) accounts_[raw(account.id)] = account;
    for (const auto& change : changes.sessions) {
        if (change.ended)
            sessions_.erase(change.session.token_hash);
        else
            sessions_[change.session.token_hash] = change.session;
    }
    for (const auto id : changes.sessions_ended_of)
        std::erase_if(sessions_, [id](const auto& entry) { return entry.second.account == id; });
    for (const auto& answer : changes.answers) answers_[answer.key] = answer;
}

domain::FeedSeq SimulatedStore::head() const {
    const std::lock_guard lock(mutex_);
    return static_cast<domain::FeedSeq>(items_.size());
}

Result<std::optional<domain::OrderRow>, StoreError> SimulatedStore::order(const Uuid& id) {
    const std::lock_guard lock(mutex_);
    const auto found = orders_.find(id);
    if (found == orders_.end()) return std::optional<domain::OrderRow>{};
    return std::optional(domain::OrderRow{found->second.order, found->second.placed_seq});
}

bool SimulatedStore::matches(const StoredOrder& stored, const domain::OrderFilter& filter) const {
    const auto& order = stored.order;
    if (filter.status && order.status != *filter.status) return false;
    if (filter.placed_by && order.placed_by != *filter.placed_by) return false;
    if (filter.product && std::none_of(order.lines.begin(), order.lines.end(),
                                       [&](const auto& line) { return line.level.product == *filter.product; }))
        return false;
    const auto search = domain::parse_search(filter.search);
    return !search || domain::matches(*search, order);
}

Result<domain::OrderPage, StoreError> SimulatedStore::orders(const domain::OrderFilter& filter) {
    const std::lock_guard lock(mutex_);
    domain::OrderPage page;
    std::int64_t skipped = 0;
    for (auto entry = orders_.rbegin(); entry != orders_.rend(); ++entry) {
        if (!matches(entry->second, filter)) continue;
        ++page.total;
        if (filter.before != 0 && entry->second.placed_seq >= filter.before) continue;
        if (skipped++ < filter.offset) continue;
        if (static_cast<std::int64_t>(page.rows.size()) < filter.limit)
            page.rows.push_back({entry->second.order, entry->second.placed_seq});
        else
            page.more = true;
    }
    return page;
}

Result<domain::MovementPage, StoreError> SimulatedStore::movements(const domain::MovementFilter& filter) {
    const std::lock_guard lock(mutex_);
    std::vector<domain::Movement> found;
    for (const auto& item : items_) {
        const auto* movement = std::get_if<domain::Movement>(&item);
        if (movement == nullptr) continue;
        if (filter.product && movement->after.key.product != *filter.product) continue;
        if (filter.location && movement->after.key.location != *filter.location) continue;
        if (filter.order && (movement->cause.type != domain::CauseType::order || movement->cause.id != *filter.order))
            continue;
        if (filter.after && movement->seq <= *filter.after) continue;
        if (filter.before != 0 && movement->seq >= filter.before) continue;
        found.push_back(*movement);
    }
    if (!filter.after) std::reverse(found.begin(), found.end());
    domain::MovementPage page;
    page.more = static_cast<std::int64_t>(found.size()) > filter.limit;
    if (page.more) found.resize(static_cast<std::size_t>(filter.limit));
    page.rows = std::move(found);
    return page;
}

Result<domain::FeedPage, StoreError> SimulatedStore::feed(domain::FeedSeq after, std::int64_t limit) {
    const std::lock_guard lock(mutex_);
    domain::FeedPage page;
    page.head = static_cast<domain::FeedSeq>(items_.size());
    for (auto at = std::max<domain::FeedSeq>(after, 0);
         at < page.head && static_cast<std::int64_t>(page.items.size()) < limit; ++at)
        page.items.push_back(items_[static_cast<std::size_t>(at)]);
    return page;
}

Result<std::vector<domain::Product>, StoreError> SimulatedStore::products(std::span<const domain::ProductId> ids) {
    const std::lock_guard lock(mutex_);
    std::vector<domain::Product> found;
    for (const auto id : ids)
        if (const auto product = products_.find(raw(id)); product != products_.end()) found.push_back(product->second);
    return found;
}

Result<std::vector<domain::Account>, StoreError> SimulatedStore::accounts(std::span<const domain::AccountId> ids) {
    const std::lock_guard lock(mutex_);
    std::vector<domain::Account> found;
    for (const auto id : ids)
        if (const auto account = accounts_.find(domain::raw(id)); account != accounts_.end())
            found.push_back(account->second);
    return found;
}

Result<std::optional<domain::Session>, StoreError> SimulatedStore::session(const domain::TokenHash& hash) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(hash);
    if (found == sessions_.end()) return std::optional<domain::Session>{};
    return std::optional<domain::Session>{found->second};
}

Result<storage::ReadStore::Moment, StoreError> SimulatedStore::visit_all(const Visitor& visitor) {
    const std::lock_guard lock(mutex_);
    const auto visit_rows = [](const auto& rows, const auto& visit) {
        if (!visit) return;
        for (auto [key, row] : rows) visit(std::move(row));
    };
    visit_rows(locations_, visitor.location);
    visit_rows(products_, visitor.product);
    visit_rows(levels_, visitor.level);
    visit_rows(accounts_, visitor.account);
    visit_rows(sessions_, visitor.session);
    return Moment{static_cast<domain::FeedSeq>(items_.size()), 0};
}

std::vector<domain::FeedItem> SimulatedStore::items() const {
    const std::lock_guard lock(mutex_);
    return items_;
}

std::map<domain::LevelKey, domain::StockLevel> SimulatedStore::levels() const {
    const std::lock_guard lock(mutex_);
    return levels_;
}

std::vector<domain::Order> SimulatedStore::all_orders() const {
    const std::lock_guard lock(mutex_);
    std::vector<domain::Order> all;
    for (const auto& [id, stored] : orders_) all.push_back(stored.order);
    return all;
}

}  // namespace onhand::engine
