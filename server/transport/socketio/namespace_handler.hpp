// The application's side of one namespace: who may join it, and what its clients say. Called on the io threads, for
// one client always on the same.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/event.hpp"
#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/recovery_log.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::socketio {

class Connection;
struct Namespace;

// A client asks to join a namespace. Decide with next(), accept() or refuse(), now or later, on the io thread; to
// decide on another thread first, move the request there and back with boost::asio::post(request.io_context(), …). A
// request that is dropped undecided is refused.
class ConnectRequest {
  public:
    struct Parts {
        std::weak_ptr<Connection> connection;
        IoGatePtr gate;
        const Namespace* space = nullptr;
        std::string nsp;
        std::string auth_json;
        boost::json::value auth;
        std::shared_ptr<const Handshake> handshake;
        std::optional<LostSession> lost;  // with connection state recovery: what the client wants back
        std::string offset;
    };

    // Made by the library only.
    explicit ConnectRequest(Parts parts) : parts_(std::move(parts)) {}
    ConnectRequest(ConnectRequest&&) = default;
    ConnectRequest& operator=(ConnectRequest&&) = delete;
    ~ConnectRequest();

    const std::string& nsp() const { return parts_.nsp; }
    // The auth object of the client: parsed (null when it sent none), and its text (then empty).
    const boost::json::value& auth() const { return parts_.auth; }
    const std::string& auth_json() const { return parts_.auth_json; }
    const Handshake& handshake() const { return *parts_.handshake; }
    boost::asio::io_context& io_context() const { return parts_.gate->io(); }

    // True when the client comes back to a session that connection state recovery kept. The middlewares were then
    // skipped; accept() gives the client its id, rooms and data back, unless its events are not kept any more.
    bool recovering() const { return parts_.lost.has_value(); }

    // What a middleware found out, for accept().
    void set_data(std::shared_ptr<void> data) { data_ = std::move(data); }
    template <class T>
    T* data() const {
        return static_cast<T*>(data_.get());
    }

    // For a middleware: leaves the decision to the next one, and at last to the handler.
    void next() &&;

    // Joins the client; the answer is sent before anything emitted on the socket returned. Null when it has gone.
    // Without `data` the socket gets what set_data() was given, or what the recovered session had.
    SocketPtr accept(std::shared_ptr<void> data = nullptr);

    // Refuses with the message and data (JSON text, may be empty) that the client's connect_error event shows.
    void refuse(std::string_view message, std::string_view data_json = {});

  private:
    friend class Connection;

    Parts parts_;
    std::shared_ptr<void> data_;
    std::size_t middlewares_done_ = 0;
};

// Looks at a request before the handler does, and calls next(), accept() or refuse(). Called on the io threads.
using Middleware = std::function<void(ConnectRequest request)>;

// An event from another server of the cluster, for the application itself.
struct ServerEvent {
    std::string_view nsp;
    std::string_view name;
    const boost::json::array& payload;  // the name first, then the arguments
    std::string_view json;
    const Attachments& attachments;
    // Takes the answer, one JSON value, at most once; empty when none is wanted. May be kept; any thread.
    std::function<void(JsonData)> reply;
};

// An exception from any of these closes that client's connection and is reported to Options::on_application_error.
class NamespaceHandler {
  public:
    virtual ~NamespaceHandler() = default;

    virtual void on_connect(ConnectRequest request) = 0;
    // May take `event.ack` away to answer later.
    virtual void on_event(Socket& socket, Event& event) = 0;
    // The last call for this socket, which still knows its rooms. `reason` in the protocol's words, e.g.
    // "transport close".
    virtual void on_disconnect(Socket& socket, std::string_view reason) = 0;

    // What fetch_sockets() tells of the application's data: a JSON value that other servers may see.
    virtual std::string describe(const Socket&) { return "{}"; }
    // On the first io thread.
    virtual void on_server_event(ServerEvent&) {}
};

// One namespace, or a family of them with a matcher, as set up. Constant once the server serves.
struct Namespace {
    NamespaceHandler* handler = nullptr;
    std::vector<Middleware> middlewares;
    // For a family: whether `name` belongs to it. Any thread.
    std::function<bool(std::string_view name, const boost::json::value& auth)> matches;
};

}  // namespace onhand::socketio
