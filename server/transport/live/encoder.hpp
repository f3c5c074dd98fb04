#pragma once
// Encodes what the clients of one io thread are told, once per distinct content: clients with the same wishes and the
// same position share the bytes. One encoder lives for one round of telling. Used on its io thread.

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/account_book.hpp"
#include "engine/stock_view.hpp"
#include "transport/live/changes.hpp"
#include "transport/live/subscription.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::live {

// {"from":…,"to":…,"changes":[…]} as an event. `changes` is the inside of the array.
socketio::EncodedEvent stock_changed(domain::FeedSeq from, domain::FeedSeq to, std::string_view changes);
socketio::EncodedEvent order_changed(const domain::OrderEvent& event, const engine::AccountBook& accounts);
// feed.head and feed.reset.
socketio::EncodedEvent head_event(std::string_view name, domain::FeedSeq head);

// The entries of `changes`, in feed order, with the names of their levels looked up once for all.
std::string encode_levels(const std::vector<LevelChange>& changes, const engine::StockView& stock);

class Encoder {
  public:
    // All references must outlive the encoder.
    Encoder(const ChangeSet& changes, domain::FeedSeq to, const engine::StockView& stock,
            const engine::AccountBook& accounts);

    // The stock.changed event for a client, or nullptr when nothing concerns it. `from` is one above the last feed
    // number the client was told.
    const socketio::EncodedEvent* stock_event(const Subscription& subscription, const KeySet& watched,
                                              domain::FeedSeq from);

    // One order.changed for each order event.
    const std::vector<socketio::EncodedEvent>& order_events();

  private:
    // Which changes a client is told, and from where.
    struct Choice {
        domain::FeedSeq from = 0;
        std::vector<std::uint32_t> places;  // in sorted_
        bool operator==(const Choice&) const = default;
    };
    struct ChoiceHash {
        std::size_t operator()(const Choice& choice) const;
    };

    void choose(const Subscription& subscription, const KeySet& watched);
    void index_places();
    void encode_texts();
    socketio::EncodedEvent event_of_choice(domain::FeedSeq from);

    const ChangeSet& changes_;
    const domain::FeedSeq to_;
    const engine::StockView& stock_;
    const engine::AccountBook& accounts_;
    std::vector<LevelChange> sorted_;                             // by feed number
    std::vector<std::string> texts_;                              // the JSON of each, same order
    std::unordered_map<domain::LevelKey, std::uint32_t> places_;  // in sorted_; filled when first needed
    std::map<domain::FeedSeq, socketio::EncodedEvent> whole_;     // of the whole table, by `from`
    std::unordered_map<Choice, socketio::EncodedEvent, ChoiceHash> events_;
    std::vector<socketio::EncodedEvent> orders_;
    Choice choice_;  // scratch
};

}  // namespace onhand::live
