#include "transport/live/encoder.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "transport/http/json_out.hpp"

namespace onhand::live {

namespace {

std::vector<engine::StockView::Names> names_of(const std::vector<LevelChange>& changes,
                                               const engine::StockView& stock) {
    std::vector<domain::LevelKey> keys;
    keys.reserve(changes.size());
    for (const auto& change : changes) keys.push_back(change.level.key);
    return stock.names(keys);
}

std::vector<LevelChange> sorted(const ChangeSet& changes) {
    std::vector<LevelChange> all;
    all.reserve(changes.levels.size());
    for (const auto& [key, change] : changes.levels) all.push_back(change);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    return all;
}

}  // namespace

socketio::EncodedEvent stock_changed(domain::FeedSeq from, domain::FeedSeq to, std::string_view changes) {
    std::string json = "{\"from\":";
    json.reserve(changes.size() + 64);
    append_int(json, from);
    json += ",\"to\":";
    append_int(json, to);
    json += ",\"changes\":[";
    json += changes;
    json += "]}";
    return {"stock.changed", json};
}

socketio::EncodedEvent order_changed(const domain::OrderEvent& event, const engine::AccountBook& accounts) {
    std::string json = "{\"seq\":";
    append_int(json, event.seq);
    json += ",\"order\":";
    http::append_order(json, event.order, accounts);
    json += '}';
    return {"order.changed", json};
}

socketio::EncodedEvent head_event(std::string_view name, domain::FeedSeq head) {
    std::string json = "{\"head\":";
    append_int(json, head);
    json += '}';
    return {name, json};
}

std::string encode_levels(const std::vector<LevelChange>& changes, const engine::StockView& stock) {
    const auto names = names_of(changes, stock);
    std::string json;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (i > 0) json += ',';
        http::append_change(json, changes[i].seq, names[i].sku, names[i].location, changes[i].level);
    }
    return json;
}

Encoder::Encoder(const ChangeSet& changes, domain::FeedSeq to, const engine::StockView& stock,
                 const engine::AccountBook& accounts)
    : changes_(changes), to_(to), stock_(stock), accounts_(accounts), sorted_(sorted(changes)) {}

const socketio::EncodedEvent* Encoder::stock_event(const Subscription& subscription, const KeySet& watched,
                                                   domain::FeedSeq from) {
    chosen_.clear();
    for (std::uint32_t i = 0; i < sorted_.size(); ++i)
        if (concerns(subscription, watched, sorted_[i].level.key)) chosen_.push_back(i);
    if (chosen_.empty()) return nullptr;
    const auto key = std::pair(from, chosen_);
    if (const auto found = events_.find(key); found != events_.end()) return &found->second;
    if (texts_.empty()) {
        const auto names = names_of(sorted_, stock_);
        texts_.resize(sorted_.size());
        for (std::size_t i = 0; i < sorted_.size(); ++i)
            http::append_change(texts_[i], sorted_[i].seq, names[i].sku, names[i].location, sorted_[i].level);
    }
    std::string inside;
    for (const auto i : chosen_) {
        if (!inside.empty()) inside += ',';
        inside += texts_[i];
    }
    return &events_.emplace(key, stock_changed(from, to_, inside)).first->second;
}

const std::vector<socketio::EncodedEvent>& Encoder::order_events() {
    if (orders_.empty())
        for (const auto& event : changes_.orders) orders_.push_back(order_changed(event, accounts_));
    return orders_;
}

}  // namespace onhand::live
