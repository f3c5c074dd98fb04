#pragma once
// The clients of one io thread and when they are told. They are split into groups, which are told in turns: each turn
// is short, so that orders need not wait long for the thread, and a change waits for the next turn of a client's group,
// not for a whole round that has just begun. Few clients are told often; many as often as a share of the thread allows,
// with what came meanwhile merged. Used by LiveFeed on the io thread only, but for the constructor.

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <unordered_map>
#include <vector>

#include "domain/feed_batch.hpp"
#include "transport/live/changes.hpp"
#include "transport/live/round_pace.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::live {

inline constexpr std::size_t groups_max = 8;
// A group takes so many clients before another one is begun: below that turns are short anyway.
inline constexpr std::size_t group_clients = 64;

class Audience {
  public:
    using Sockets = std::unordered_map<socketio::Socket*, socketio::SocketPtr>;
    // Tells the clients among `sockets` the changes of a stretch of the feed, up to `to`.
    using Tell = std::function<void(const Sockets& sockets, const ChangeSet& changes, domain::FeedSeq to)>;

    // `head`: up to here nobody needs to be told anything.
    Audience(boost::asio::io_context& io, domain::FeedSeq head, Tell tell);

    // Returns the group of the client, for told() and remove().
    std::size_t add(socketio::SocketPtr socket);
    void remove(socketio::Socket& socket, std::size_t group);

    // What came in, in feed order.
    void take(const std::vector<domain::FeedBatchPtr>& batches);

    // Up to here the clients of a group were told.
    domain::FeedSeq told(std::size_t group) const { return groups_.at(group).told; }

    template <class Function>
    void for_each(Function function) const {
        for (const auto& group : groups_)
            for (const auto& [raw_socket, socket] : group.sockets) function(socket);
    }

    // Tells nobody anything any more and lets go of the clients.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;
    using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                                    boost::asio::io_context::executor_type>;

    struct Group {
        Sockets sockets;
        ChangeSet changes;         // not told yet
        domain::FeedSeq read = 0;  // up to here taken in
        domain::FeedSeq told = 0;  // up to here told
        Clock::time_point last{};  // when it was told last
        bool waits() const { return told < read; }
    };

    Group* next_group();
    void go_on();
    void tell(Group& group);
    void turn_ended(std::size_t group, RoundPace::Duration cost);

    boost::asio::io_context& io_;
    const Tell tell_;
    Timer timer_;
    std::array<Group, groups_max> groups_;
    RoundPace pace_{groups_max};
    Clock::time_point free_at_{};          // the next turn begins no sooner
    RoundPace::Duration writing_since_{};  // of the turn in hand, processor time
    bool timer_runs_ = false;
    bool telling_ = false;  // what a turn has queued is being written
    bool stopped_ = false;
};

}  // namespace onhand::live
