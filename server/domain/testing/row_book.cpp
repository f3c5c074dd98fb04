#include "domain/testing/row_book.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"

namespace onhand::domain::testing {

RowBook::RowBook() {
    sequences_.product.count_from(1);
    sequences_.location.count_from(raw(main_location) + 1);
    sequences_.account.count_from(1);
    sequences_.order_number.count_from(first_order_number);
    locations_[main_location_code] = {.id = main_location, .code = main_location_code, .name = "Main"};
}

void RowBook::prepare(WorkingSet& set) const {
    set.sequences = sequences_;
    set.account_count = static_cast<std::int64_t>(accounts_.size());
    set.enabled_admin_count = std::ranges::count_if(
        accounts_, [](const auto& row) { return row.second.role == Role::admin && !row.second.disabled; });
}

void RowBook::load_level(LevelKey key, WorkingSet& set) const {
    const auto found = levels_.find(key);
    if (found == levels_.end())
        set.absent_level(key);
    else
        set.put_level(found->second);
}

void RowBook::load_product(std::string_view sku, bool all_levels, WorkingSet& set) const {
    const auto* const product = find_product(std::string(sku));
    if (product == nullptr) return set.absent_product(sku);
    set.put_product(*product, all_levels);
    if (!all_levels) return;
    for (const auto& [key, level] : levels_)
        if (key.product == product->id) set.put_level(level);
}

void RowBook::load_location(std::string_view code, WorkingSet& set) const {
    const auto found = locations_.find(code.empty() ? main_location_code : std::string(code));
    if (found == locations_.end())
        set.absent_location(code);
    else
        set.put_location(found->second);
}

void RowBook::load_order(const Uuid& id, WorkingSet& set) const {
    const auto found = orders_.find(id);
    if (found == orders_.end()) return set.absent_order(id);
    for (const auto& line : found->second.lines) {
        load_product(line.sku, false, set);
        load_location(line.location, set);
        load_level(line.level, set);
    }
    set.put_order(found->second);
}

void RowBook::load(const RowRequest& request, WorkingSet& set) const {
    for (const auto sku : request.products) load_product(sku, true, set);
    for (const auto code : request.locations) load_location(code, set);
    for (const auto& [sku, location] : request.levels) {
        load_product(sku, false, set);
        load_location(location, set);
        const auto* const product = std::as_const(set).find_product(sku);
        const auto* const place = std::as_const(set).find_location(location);
        if (product != nullptr && place != nullptr) load_level({product->id, place->id}, set);
    }
    for (const auto& id : request.orders) load_order(id, set);
    for (const auto email : request.emails) {
        const auto same = [&](const auto& row) { return row.second.email == email; };
        const auto found = std::ranges::find_if(accounts_, same);
        found == accounts_.end() ? set.absent_email(email) : set.put_account(found->second);
    }
    for (const auto& id : request.accounts) {
        const auto found = accounts_.find(id);
        found == accounts_.end() ? set.absent_account(id) : set.put_account(found->second);
    }
    for (const auto id : request.account_ids)
        for (const auto& [uuid, account] : accounts_)
            if (account.id == id) set.put_account(account);
    for (const auto& hash : request.sessions) {
        const auto found = sessions_.find(hash);
        found == sessions_.end() ? set.absent_session(hash) : set.put_session(found->second);
    }
}

void RowBook::take(const FeedItem& item) {
    if (const auto* const event = std::get_if<OrderEvent>(&item)) orders_[event->order.id] = event->order;
    if (const auto* const event = std::get_if<ProductEvent>(&item)) products_[event->product.sku] = event->product;
    if (const auto* const event = std::get_if<LocationEvent>(&item)) locations_[event->location.code] = event->location;
}

void RowBook::commit(Changes& changes, const WorkingSet& set) {
    for (auto& item : changes.items) {
        set_seq(item, static_cast<FeedSeq>(feed_.size()) + 1);
        take(item);
        feed_.push_back(item);
    }
    for (const auto& [key, level] : changes.levels) levels_[key] = level;
    for (const auto& account : changes.accounts) accounts_[account.uuid] = account;
    for (const auto& [session, ended] : changes.sessions) {
        if (ended)
            sessions_.erase(session.token_hash);
        else
            sessions_[session.token_hash] = session;
    }
    for (const auto account : changes.sessions_ended_of)
        std::erase_if(sessions_, [account](const auto& row) { return row.second.account == account; });
    sequences_ = set.sequences;
}

const Product* RowBook::find_product(const std::string& sku) const {
    const auto found = products_.find(sku);
    return found == products_.end() ? nullptr : &found->second;
}

StockLevel RowBook::level(const std::string& sku, const std::string& location) const {
    const auto* const product = find_product(sku);
    const auto place = locations_.find(location);
    ensure(product != nullptr && place != locations_.end(), "the test names what exists");
    const LevelKey key{product->id, place->second.id};
    const auto found = levels_.find(key);
    return found == levels_.end() ? StockLevel{.key = key} : found->second;
}

const Order* RowBook::find_order(std::int64_t number) const {
    for (const auto& [id, order] : orders_)
        if (order.number == number) return &order;
    return nullptr;
}

}  // namespace onhand::domain::testing
