// What the application sees of a client: Socket (one client in one namespace), the request to connect, an event with
// its ack, and events encoded once for many. Everything here is used on the io thread that owns the client
// (Socket::io_index), except where a function says "any thread". Handles stay valid after the client has gone; they
// then do nothing. Sockets, frames and time-outs are the library's business and do not show.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transport/socketio/frame.hpp"
#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/socket_packet.hpp"

namespace onhand::socketio {

class Connection;
class Socket;
using SocketPtr = std::shared_ptr<Socket>;

// Answers that a client still owes to emit_with_ack(); more are refused.
constexpr std::size_t pending_acks_max = 256;

// An event encoded once for any number of sockets of one namespace, for WebSocket and polling alike. Immutable and
// cheap to copy; any thread.
class EncodedEvent {
  public:
    // `args` are the JSON values after the name, separated by commas, without brackets; possibly none. They must be
    // valid JSON in UTF-8. `name` must not be reserved (is_reserved_event).
    EncodedEvent(std::string_view name, std::string_view args, std::string_view nsp = main_namespace)
        : frame_(encode_event(nsp, name, args)) {}

    const Frame& frame() const { return frame_; }
    // Bytes this event takes in an outbox.
    std::size_t size() const { return frame_.size(); }

  private:
    Frame frame_;
};

// Answers one event of a client, at most once. May be kept and used later, on the same io thread.
class AckHandle {
  public:
    AckHandle() = default;
    AckHandle(std::weak_ptr<Socket> socket, std::uint64_t id) : socket_(std::move(socket)), id_(id) {}
    AckHandle(AckHandle&&) = default;
    AckHandle& operator=(AckHandle&&) = default;

    // False when the client asked for no answer, or has its answer.
    bool wanted() const { return id_.has_value(); }

    // Sends the answer; `args` as for EncodedEvent. Does nothing when none is wanted or the client has gone.
    void reply(std::string_view args);

  private:
    std::weak_ptr<Socket> socket_;
    std::optional<std::uint64_t> id_;
};

// An event from a client. The views are good only during the call of on_event.
struct Event {
    std::string_view name;
    const boost::json::array& payload;  // the name first, then the arguments
    std::string_view json;              // the text of the payload
    AckHandle ack;

    std::size_t argument_count() const { return payload.size() - 1; }
    // The argument at `index` from 0, or null when there are fewer.
    const boost::json::value* argument(std::size_t index) const {
        return index < argument_count() ? &payload[index + 1] : nullptr;
    }
};

class Socket : public std::enable_shared_from_this<Socket> {
  public:
    // Made by the library only.
    Socket(std::weak_ptr<Connection> connection, IoGatePtr gate, unsigned io_index, std::string nsp, std::string id,
           std::shared_ptr<const Handshake> handshake);

    // The public id, 20 characters; not the secret session id. Any thread.
    const std::string& id() const { return id_; }
    const std::string& nsp() const { return nsp_; }
    // The io thread that owns this client. Any thread.
    unsigned io_index() const { return io_index_; }
    const Handshake& handshake() const { return *handshake_; }

    bool connected() const { return connected_; }

    // Queues an event. Returns false, and does nothing, when the client has gone. Never calls back into the
    // application; a client that reads too slowly is closed a little later.
    bool emit(const EncodedEvent& event);
    bool emit(std::string_view name, std::string_view args);

    // Queues an event that asks for an answer. `answer` is called once, on this io thread: with the array of the
    // client's arguments, or with null when `timeout` passed or the client went away. Returns false, without calling
    // `answer`, when the client has gone or owes pending_acks_max answers.
    using AckCallback = std::function<void(const boost::json::array* args)>;
    bool emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                       AckCallback answer);

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

    struct PendingAck {
        TimePoint deadline;
        AckCallback answer;
    };

    bool send(const Frame& frame);

    std::weak_ptr<Connection> connection_;
    IoGatePtr gate_;
    unsigned io_index_;
    bool connected_ = true;
    std::string nsp_;
    std::string id_;
    std::shared_ptr<const Handshake> handshake_;
    std::shared_ptr<void> data_;
    std::function<void(Socket&)> drain_handler_;
    std::map<std::uint64_t, PendingAck> pending_acks_;
    std::uint64_t next_ack_id_ = 0;
};

// A client asks to join a namespace. Decide with accept() or refuse(), now or later, on the io thread; to decide on
// another thread first, move the request there and back with boost::asio::post(request.io_context(), …). A request
// that is dropped undecided is refused.
class ConnectRequest {
  public:
    ConnectRequest(std::weak_ptr<Connection> connection, IoGatePtr gate, std::string_view nsp,
                   std::string_view auth_json, boost::json::value auth, std::shared_ptr<const Handshake> handshake);
    ConnectRequest(ConnectRequest&&) = default;
    ConnectRequest& operator=(ConnectRequest&&) = delete;
    ~ConnectRequest();

    const std::string& nsp() const { return nsp_; }
    // The auth object of the client: parsed (null when it sent none), and its text (then empty).
    const boost::json::value& auth() const { return auth_; }
    const std::string& auth_json() const { return auth_json_; }
    const Handshake& handshake() const { return *handshake_; }
    boost::asio::io_context& io_context() const { return gate_->io(); }

    // Joins the client; the answer is sent before anything emitted on the socket returned. Null when it has gone.
    SocketPtr accept(std::shared_ptr<void> data = nullptr);

    // Refuses with the message and data (JSON text, may be empty) that the client's connect_error event shows.
    void refuse(std::string_view message, std::string_view data_json = {});

  private:
    std::weak_ptr<Connection> connection_;
    IoGatePtr gate_;
    std::string nsp_;
    std::string auth_json_;
    boost::json::value auth_;
    std::shared_ptr<const Handshake> handshake_;
};

// The application's side of one namespace. Called on the io threads, for one client always on the same. An exception
// closes that client's connection and is reported to Options::on_application_error.
class NamespaceHandler {
  public:
    virtual ~NamespaceHandler() = default;

    virtual void on_connect(ConnectRequest request) = 0;
    // May take `event.ack` away to answer later.
    virtual void on_event(Socket& socket, Event& event) = 0;
    // The last call for this socket. `reason` in the protocol's words, e.g. "transport close".
    virtual void on_disconnect(Socket& socket, std::string_view reason) = 0;
};

}  // namespace onhand::socketio
