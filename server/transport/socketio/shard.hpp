// What one io thread owns: its sessions, its sockets by namespace, one read buffer for all WebSockets and one timer
// for all deadlines. Internal to the library; every member function is called on that thread.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/recovery_log.hpp"
#include "transport/socketio/ring_sender.hpp"
#include "transport/socketio/socket_table.hpp"

namespace onhand::socketio {

class Connection;
class ServerCore;
struct Answer;
class Shard;
class WsConnection;
struct Namespace;

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

class Shard {
  public:
    Shard(ServerCore& core, boost::asio::io_context& io, unsigned index);
    // Lets go of everything without a word to the application.
    ~Shard();

    ServerCore& core() { return core_; }
    boost::asio::io_context& io() { return io_; }
    const IoGatePtr& gate() const { return gate_; }
    unsigned index() const { return index_; }
    unsigned shard_count() const;

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
    SocketPtr find_socket(std::string_view nsp, std::string_view id) const;
    void join_room(const std::string& room, Socket& socket);
    void leave_room(const std::string& room, Socket& socket);
    // A copy, for callers whose work may remove sockets.
    std::vector<SocketPtr> select(std::string_view nsp, const Target& target) const;
    std::vector<std::string> rooms(std::string_view nsp) const;

    // Queues a packet for the sockets that `target` means.
    void deliver(std::string_view nsp, const EncodedPacket& packet, const Target& target);
    // Queues what waits in this thread's inbox of the recovery log.
    void deliver_recorded();
    void deliver_recorded(const std::vector<RecordedEventPtr>& events);
    // Sends a packet with that ack id to those sockets and awaits their answers. Returns how many were asked.
    std::size_t ask(std::string_view nsp, const Target& target, const EncodedPacket& packet, std::uint64_t ack_id,
                    std::chrono::milliseconds timeout, const std::function<void(const Answer*)>& answered);

    // Sends what a polling connection has buffered, once this turn of the loop is over.
    void flush_later(std::shared_ptr<Connection> connection);

    // The same for what a WebSocket has queued. Returns a slot for forget_flush(), by which a WebSocket that ends is
    // taken back.
    std::size_t flush_later(WsConnection& websocket);
    void forget_flush(std::size_t slot);
    static constexpr std::size_t no_slot = static_cast<std::size_t>(-1);

    // Ends every session of this thread.
    void close_all();

    // Calls core.on_stopped when the server stops and nothing is open any more.
    void check_stopped();

  private:
    void arm_timer();
    void flush_websockets();
    void submit_ring();

    ServerCore& core_;
    boost::asio::io_context& io_;
    IoGatePtr gate_;
    unsigned index_;
    DeadlineQueue deadlines_;
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>
        timer_;
    TimePoint timer_at_ = TimePoint::max();
    std::vector<char> read_buffer_;
    std::unordered_map<std::string, std::shared_ptr<Connection>, TextHash, std::equal_to<>> connections_;
    std::map<std::string, SocketTable, std::less<>> sockets_;
    std::unordered_set<WsConnection*> websockets_;
    std::vector<std::shared_ptr<Connection>> unflushed_;
    std::vector<WsConnection*> unflushed_websockets_;  // null where one was taken back
    std::vector<WsConnection*> flushing_websockets_;   // spare, to keep its memory
    RingSender ring_;
    std::vector<WsConnection*> in_ring_;  // those whose bytes were added to the ring, in order
};

}  // namespace onhand::socketio
