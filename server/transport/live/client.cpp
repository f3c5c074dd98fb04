#include "transport/live/client.hpp"

#include <algorithm>
#include <utility>

namespace onhand::live {

void Client::subscribe(Subscription subscription, domain::FeedSeq position, bool catching_up) {
    subscription_ = std::move(subscription);
    subscribed_ = true;
    catching_up_ = catching_up;
    overflowed_ = false;
    generation_->fetch_add(1);
    seen_ = told_ = position;
    backlog_.clear();
}

void Client::caught_up(const ChangeSet& missed, domain::FeedSeq to) {
    seen_ = std::max(seen_, to);
    ChangeSet live = std::exchange(backlog_, {});
    keep(missed);
    keep(live);
    catching_up_ = false;
    drain();
}

void Client::watch(KeySet keys) {
    std::vector<domain::LevelKey> added;
    for (const auto key : keys)
        if (!concerned(key)) added.push_back(key);
    watched_ = std::move(keys);
    if (added.empty()) return;
    // Values may have changed between the client's page and now: tell what they are. The stretch is empty (to is one
    // below from), so the client's position stays where it is.
    std::vector<LevelChange> present;
    for (const auto& view : stock_.levels(added)) present.push_back({told_, view.level});
    socket_.emit(stock_changed(told_ + 1, told_, encode_levels(present, stock_)));
}

void Client::reset(domain::FeedSeq head) {
    backlog_.clear();
    overflowed_ = false;
    catching_up_ = false;
    seen_ = told_ = head;
    sent_since_reminder_ = true;
    socket_.emit(head_event("feed.reset", head));
}

void Client::keep(const ChangeSet& changes) {
    if (overflowed_) return;
    for (const auto& [key, change] : changes.levels)
        if (concerned(key)) backlog_.add(change);
    if (subscription_.orders)
        backlog_.orders.insert(backlog_.orders.end(), changes.orders.begin(), changes.orders.end());
    if (backlog_.size() <= backlog_max) return;
    overflowed_ = true;
    backlog_.clear();
}

void Client::tell(const ChangeSet& changes, domain::FeedSeq to, Encoder& encoder) {
    if (!subscribed_ || to <= seen_) return;
    seen_ = to;
    if (catching_up_ || overflowed_ || !backlog_.empty() || !socket_.writable()) return keep(changes);
    send(encoder);
}

// Orders go first: a client that resumes behind the `to` of a stock.changed has then seen every order up to it.
void Client::send(Encoder& encoder) {
    if (subscription_.orders) {
        for (const auto& event : encoder.order_events()) {
            socket_.emit(event);
            sent_since_reminder_ = true;
        }
    }
    if (const auto* event = encoder.stock_event(subscription_, watched_, told_ + 1)) {
        socket_.emit(*event);
        told_ = seen_;
        sent_since_reminder_ = true;
    }
}

void Client::drain() {
    if (!subscribed_ || catching_up_ || !socket_.writable()) return;
    if (overflowed_) return reset(seen_);
    if (backlog_.empty()) return;
    const auto waiting = std::exchange(backlog_, {});
    Encoder encoder(waiting, seen_, stock_, accounts_);
    send(encoder);
}

void Client::remind() {
    if (!subscribed_ || catching_up_ || !socket_.writable()) return;
    drain();
    if (told_ < seen_) {
        if (subscription_.stock != Subscription::Stock::none || !watched_.empty())
            socket_.emit(stock_changed(told_ + 1, seen_, ""));
        told_ = seen_;
        if (!sent_since_reminder_) socket_.emit(head_event("feed.head", seen_));
    }
    sent_since_reminder_ = false;
}

void Client::tell_presence(const Presence::Event& event) {
    if (!subscribed_ || !event || event == presence_told_ || !socket_.writable()) return;
    presence_told_ = event;
    socket_.emit(*event);
}

}  // namespace onhand::live
