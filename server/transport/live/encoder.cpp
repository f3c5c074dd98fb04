#include "transport/live/encoder.hpp"

#include <algorithm>
#include <numeric>

#include "base/sort_unique.hpp"
#include "base/text.hpp"
#include "transport/http/json_out.hpp"

namespace onhand::live {

namespace {

constexpr std::size_t text_spare = 8;  // by which one change may be longer than another

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

std::size_t Encoder::ChoiceHash::operator()(const Choice& choice) const {
    auto hash = static_cast<std::uint64_t>(choice.from);
    for (const auto place : choice.places) hash = (hash ^ place) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(hash ^ (hash >> 32U));
}

// Which of the changes concern a client, by going through whichever is shorter: the changes or the rows it wants.
void Encoder::choose(const Subscription& subscription, const KeySet& watched) {
    choice_.places.clear();
    const bool by_row = subscription.stock != Subscription::Stock::location &&
                        subscription.keys.size() + watched.size() < sorted_.size();
    if (!by_row) {
        for (std::uint32_t i = 0; i < sorted_.size(); ++i)
            if (concerns(subscription, watched, sorted_[i].level.key)) choice_.places.push_back(i);
        return;
    }
    index_places();
    for (const auto* keys : {&subscription.keys, &watched}) {
        for (const auto key : *keys)
            if (const auto place = places_.find(key); place != places_.end()) choice_.places.push_back(place->second);
    }
    sort_unique(choice_.places);
}

void Encoder::index_places() {
    if (!places_.empty()) return;
    places_.reserve(sorted_.size());
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) places_.emplace(sorted_[i].level.key, i);
}

void Encoder::encode_texts() {
    if (!texts_.empty()) return;
    const auto names = names_of(sorted_, stock_);
    texts_.resize(sorted_.size());
    for (std::size_t i = 0; i < sorted_.size(); ++i)
        http::append_change(texts_[i], sorted_[i].seq, names[i].sku, names[i].location, sorted_[i].level);
}

socketio::EncodedEvent Encoder::event_of_choice(domain::FeedSeq from) {
    encode_texts();
    std::string inside;
    inside.reserve(choice_.places.size() * (texts_.front().size() + text_spare));
    for (const auto i : choice_.places) {
        if (!inside.empty()) inside += ',';
        inside += texts_[i];
    }
    return stock_changed(from, to_, inside);
}

const socketio::EncodedEvent* Encoder::stock_event(const Subscription& subscription, const KeySet& watched,
                                                   domain::FeedSeq from) {
    if (sorted_.empty()) return nullptr;
    if (subscription.stock == Subscription::Stock::all) {
        if (const auto found = whole_.find(from); found != whole_.end()) return &found->second;
        choice_.places.resize(sorted_.size());
        std::iota(choice_.places.begin(), choice_.places.end(), 0U);
        return &whole_.emplace(from, event_of_choice(from)).first->second;
    }
    choose(subscription, watched);
    if (choice_.places.empty()) return nullptr;
    choice_.from = from;
    if (const auto found = events_.find(choice_); found != events_.end()) return &found->second;
    return &events_.emplace(choice_, event_of_choice(from)).first->second;
}

const std::vector<socketio::EncodedEvent>& Encoder::order_events() {
    if (orders_.empty())
        for (const auto& event : changes_.orders) orders_.push_back(order_changed(*event, accounts_));
    return orders_;
}

}  // namespace onhand::live
