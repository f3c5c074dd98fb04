// One client in one namespace, as the application sees it. Used on the io thread that owns the client
// (Socket::io_index), except where a function says "any thread". Handles stay valid after the client has gone; they
// then do nothing. Connections, frames and time-outs are the library's business and do not show.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/broadcast.hpp"
#include "transport/socketio/event.hpp"
#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/socket_packet.hpp"

namespace onhand::socketio {

class Connection;
class Socket;
struct Namespace;
using SocketPtr = std::shared_ptr<Socket>;

// Answers that a client still owes to emit_with_ack(); more are refused.
constexpr std::size_t pending_acks_max = 256;
// Rooms one client may be in besides its own.
constexpr std::size_t rooms_per_socket_max = 1000;

class Socket : public std::enable_shared_from_this<Socket> {
  public:
    // Made by the library only.
    struct Parts {
        Connection* connection = nullptr;  // null once the client has gone
        IoGatePtr gate;
        unsigned io_index = 0;
        const Namespace* space = nullptr;
        std::string nsp;
        std::string id;
        std::string private_id;  // of connection state recovery; a secret
        std::shared_ptr<const Handshake> handshake;
        bool recovered = false;
    };
    explicit Socket(Parts parts) : parts_(std::move(parts)) {}

    // The public id, 20 characters; not the secret session id. Any thread.
    const std::string& id() const { return parts_.id; }
    const std::string& nsp() const { return parts_.nsp; }
    // The io thread that owns this client. Any thread.
    unsigned io_index() const { return parts_.io_index; }
    const Handshake& handshake() const { return *parts_.handshake; }
    // How the namespace was set up; of use to the library.
    const Namespace& space() const { return *parts_.space; }

    bool connected() const { return parts_.connection != nullptr; }
    // True when the client came back to a session that connection state recovery kept, with nothing missed.
    bool recovered() const { return parts_.recovered; }

    // Queues an event. Returns false, and does nothing, when the client has gone. Never calls back into the
    // application; a client that reads too slowly is closed a little later.
    bool emit(const EncodedEvent& event);
    bool emit(std::string_view name, std::string_view args, const Attachments& attachments = {});

    // The same unless the connection takes nothing at the moment; the event is then dropped and the answer false.
    bool emit_volatile(const EncodedEvent& event);

    // Queues an event that asks for an answer. `answer` is called once, on this io thread: with what the client
    // answered, or with null when `timeout` passed or the client went away. Returns false, without calling `answer`,
    // when the client has gone or owes pending_acks_max answers.
    using AckCallback = std::function<void(const Answer* answer)>;
    bool emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                       AckCallback answer, const Attachments& attachments = {});

    // Rooms are names that the server gives to sets of clients; clients do not see them. Every client is in the room
    // named after its id, which is not listed here. join() returns false when the client has gone or is in
    // rooms_per_socket_max rooms.
    bool join(const std::string& room);
    void leave(const std::string& room);
    const std::vector<std::string>& rooms() const { return rooms_; }

    // A broadcast to a room, without this client.
    Broadcast to(std::string room) const;
    // A broadcast to everybody in the namespace but this client.
    Broadcast broadcast() const;

    // Takes the client out of this namespace; with `close_connection` out of all, and ends its connection. The client
    // does not reconnect by itself. on_disconnect is called before this returns.
    void disconnect(bool close_connection = false);

    // Back-pressure. While writable() the network takes what is emitted. When it is not, hold back (merge newer values
    // over older ones) until the drain handler is called: the outbox has then fallen empty.
    bool writable() const;
    std::size_t queued_bytes() const;
    void set_drain_handler(std::function<void(Socket&)> handler) { drain_handler_ = std::move(handler); }

    // The application's own data, kept until the last handle is gone.
    void set_data(std::shared_ptr<void> data) { data_ = std::move(data); }
    template <class T>
    T* data() const {
        return static_cast<T*>(data_.get());
    }

    // Any thread: runs `task` with this socket on its io thread, unless the client has gone by then.
    void post(std::function<void(Socket&)> task);

  private:
    friend class Connection;
    friend class AckHandle;
    friend class Shard;
    friend class SocketTable;

    struct PendingAck {
        TimePoint deadline;
        AckCallback answer;
    };

    bool send(const EncodedPacket& packet);
    bool send_volatile(const EncodedPacket& packet);
    // Sends a packet with that ack id and awaits the answer.
    bool ask(const EncodedPacket& packet, std::uint64_t ack_id, std::chrono::milliseconds timeout, AckCallback answer);

    Parts parts_;
    std::size_t table_index_ = 0;  // where the table of its namespace has it
    std::vector<std::string> rooms_;
    std::shared_ptr<void> data_;
    std::function<void(Socket&)> drain_handler_;
    std::map<std::uint64_t, PendingAck> pending_acks_;
};

}  // namespace onhand::socketio
