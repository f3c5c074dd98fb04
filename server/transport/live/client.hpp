#pragma once
// One client of the live feed: what it wants, how far it was told, and what waits for it while its connection or its
// catching up does not let it take more. Newer values of a level replace older ones there, so a slow client costs at
// most backlog_max entries; beyond that it is told to start over (feed.reset). Also who of those present it was told
// of, and how many of its orders wait. Used on the client's io thread only.

#include <atomic>
#include <memory>

#include "engine/account_book.hpp"
#include "transport/live/changes.hpp"
#include "transport/live/encoder.hpp"
#include "transport/live/presence.hpp"
#include "transport/live/subscription.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::live {

// Levels and order events that may wait for one client.
inline constexpr std::size_t backlog_max = 10'000;

class Client {
  public:
    // The socket owns the client (Socket::set_data), so the reference is good.
    Client(socketio::Socket& socket, std::shared_ptr<const engine::Identity> identity, const engine::StockView& stock,
           const engine::AccountBook& accounts)
        : socket_(socket), identity_(std::move(identity)), stock_(stock), accounts_(accounts) {}
    ~Client() { generation_->fetch_add(1); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    const engine::Identity& identity() const { return *identity_; }
    void set_identity(std::shared_ptr<const engine::Identity> identity) { identity_ = std::move(identity); }

    // Starts (over) behind feed number `position`. While `catching_up` everything waits.
    void subscribe(Subscription subscription, domain::FeedSeq position, bool catching_up);
    // Ends the catching up: `missed` is what lay between the position and the live feed.
    void caught_up(const ChangeSet& missed, domain::FeedSeq to);
    // Replaces the rows on the client's screen and tells the present values of those that came new.
    void watch(KeySet keys);
    // Forgets what waits and tells the client to fetch everything again.
    void reset(domain::FeedSeq head);

    // One stretch of the feed, up to `to`; `encoder` was made for `changes`.
    void tell(const ChangeSet& changes, domain::FeedSeq to, Encoder& encoder);
    // The connection takes more again.
    void drain();
    // Every two seconds: brings the client's position up when only changes that do not concern it went by, and tells
    // the head when nothing else was sent.
    void remind();

    // Who is there, unless this client knows: it is told when it has subscribed and its connection takes it. No event =
    // nothing is known yet.
    void tell_presence(const Presence::Event& event);
    // The list is to be told again, whatever the client was told before.
    void forget_presence() { presence_told_ = nullptr; }

    // Orders given to the engine and not answered yet.
    std::size_t orders_in_hand() const { return orders_in_hand_; }
    void order_taken() { ++orders_in_hand_; }
    void order_answered() {
        --orders_in_hand_;
        had_answer_ = true;
    }
    bool had_answer() const { return had_answer_; }

    // Which part of the audience it belongs to; see Audience::add().
    std::size_t group() const { return group_; }
    void set_group(std::size_t group) { group_ = group; }

    bool subscribed() const { return subscribed_; }
    // Tells apart the subscriptions of one client, for answers that come later. Rises also when the client goes. The
    // counter may be read on any thread.
    using Generation = std::shared_ptr<const std::atomic<std::uint64_t>>;
    Generation generation() const { return generation_; }

  private:
    void keep(const ChangeSet& changes);
    void send(Encoder& encoder);
    bool concerned(domain::LevelKey key) const { return concerns(subscription_, watched_, key); }

    socketio::Socket& socket_;
    std::shared_ptr<const engine::Identity> identity_;
    const engine::StockView& stock_;
    const engine::AccountBook& accounts_;
    Subscription subscription_;
    KeySet watched_;
    bool subscribed_ = false;
    bool catching_up_ = false;
    bool overflowed_ = false;
    std::shared_ptr<std::atomic<std::uint64_t>> generation_ = std::make_shared<std::atomic<std::uint64_t>>(0);
    domain::FeedSeq seen_ = 0;  // up to here the feed went past this client
    domain::FeedSeq told_ = 0;  // up to here the client knows that it did
    bool sent_since_reminder_ = false;
    ChangeSet backlog_;
    Presence::Event presence_told_;
    std::size_t orders_in_hand_ = 0;
    std::size_t group_ = 0;
    bool had_answer_ = false;
};

}  // namespace onhand::live
