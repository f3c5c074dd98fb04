// What one io thread owns: its sessions, its sockets by namespace, one read buffer for all WebSockets and one timer
// for all deadlines. Internal to the library; every member function is called on that thread.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::socketio {

class Connection;
class Shard;
class WsConnection;

// Something with a next moment to act. Belongs to at most one deadline queue.
class Timed {
  public:
    virtual ~Timed() = default;
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

    // Called at or after the moment scheduled; the entry is then already removed.
    virtual void on_deadline(TimePoint now) = 0;

  protected:
    Timed() = default;

  private:
    friend class DeadlineQueue;
    std::multimap<TimePoint, Timed*>::iterator entry_;
    bool scheduled_ = false;
};

// Deadlines in order. A deadline that moves later is left where it is and looked at again when its old moment comes,
// so that a busy connection costs nothing here.
class DeadlineQueue {
  public:
    // Makes sure that on_deadline() is called at `when` or before.
    void schedule(Timed& timed, TimePoint when);
    void remove(Timed& timed);

    // Calls everything that is due.
    void run(TimePoint now);

    TimePoint earliest() const { return entries_.empty() ? TimePoint::max() : entries_.begin()->first; }

  private:
    std::multimap<TimePoint, Timed*> entries_;
};

// Shared by all io threads; set up before the first request and constant from then on, but for the atomics.
struct ServerCore {
    Options options;
    Server::AllowRequest allow_request;
    std::map<std::string, NamespaceHandler*, std::less<>> namespaces;
    std::vector<std::unique_ptr<Shard>> shards;
    std::atomic<std::size_t> sessions{0};
    std::atomic<std::size_t> websockets{0};
    std::atomic<std::size_t> sockets{0};
    std::atomic<std::size_t> slow_closed{0};
    std::atomic<bool> stopping{false};
    std::atomic<bool> stopped{false};
    std::function<void()> on_stopped;
};

class Shard {
  public:
    Shard(ServerCore& core, boost::asio::io_context& io, unsigned index);
    // Lets go of everything without a word to the application.
    ~Shard();

    ServerCore& core() { return core_; }
    boost::asio::io_context& io() { return io_; }
    const IoGatePtr& gate() const { return gate_; }
    unsigned index() const { return index_; }
    unsigned shard_count() const { return static_cast<unsigned>(core_.shards.size()); }

    void schedule(Timed& timed, TimePoint when);
    void unschedule(Timed& timed) { deadlines_.remove(timed); }

    // The scratch space of the read in progress; reads do not nest on one thread.
    std::vector<char>& read_buffer() { return read_buffer_; }

    // Makes a session, or returns null when there are too many or the server stops.
    std::shared_ptr<Connection> make_connection(Transport transport, const RequestView& request);
    std::shared_ptr<Connection> find_connection(std::string_view sid);
    void forget_connection(const std::string& sid);

    // Every WebSocket of this thread is known here, also those that close and belong to nobody else.
    void add_websocket(WsConnection& websocket);
    void remove_websocket(WsConnection& websocket);

    void add_socket(SocketPtr socket);
    void remove_socket(const Socket& socket);
    SocketPtr find_socket(std::string_view nsp, const std::string& id);
    // Queues an event for every socket of the namespace.
    void broadcast(std::string_view nsp, const EncodedEvent& event);
    // A copy, because visiting may remove sockets.
    std::vector<SocketPtr> sockets_of(std::string_view nsp) const;

    // Sends what a polling connection has buffered, once this turn of the loop is over.
    void flush_later(std::shared_ptr<Connection> connection);

    // Ends every session of this thread.
    void close_all();

    // Calls core.on_stopped when the server stops and nothing is open any more.
    void check_stopped();

  private:
    using SocketTable = std::unordered_map<std::string, SocketPtr>;

    void arm_timer();

    ServerCore& core_;
    boost::asio::io_context& io_;
    IoGatePtr gate_;
    unsigned index_;
    DeadlineQueue deadlines_;
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>
        timer_;
    TimePoint timer_at_ = TimePoint::max();
    std::vector<char> read_buffer_;
    std::unordered_map<std::string, std::shared_ptr<Connection>> connections_;
    std::map<std::string, SocketTable, std::less<>> sockets_;
    std::unordered_set<WsConnection*> websockets_;
    std::vector<std::shared_ptr<Connection>> unflushed_;
};

}  // namespace onhand::socketio
