// The Socket.IO server: Engine.IO 4 and Socket.IO 5 over HTTP long-polling and WebSocket. Made once per process and
// shared by all io threads; it listens on nothing itself. The HTTP server hands it the requests under its path, the
// application stands behind it as a NamespaceHandler (socket.hpp). It knows nothing of Beast and nothing of stock.
//
//     struct Echo : NamespaceHandler {
//         void on_connect(ConnectRequest request) override { request.accept(); }
//         void on_event(Socket& socket, Event& event) override {
//             socket.emit("heard", boost::json::serialize(event.payload));
//             event.ack.reply("true");
//         }
//         void on_disconnect(Socket&, std::string_view) override {}
//     };
//     boost::asio::io_context io(1);
//     Echo echo;
//     Server server(Options{}, {&io});
//     server.add_namespace("/", echo);
//     // HTTP session, for a target that server.handles(): requests with an Upgrade header go to accept_websocket()
//     // with their TCP socket, all others to handle_polling().
//     io.run();
//
// docs/socketio.md has a whole program.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/broadcast.hpp"
#include "transport/socketio/cluster.hpp"
#include "transport/socketio/namespace_handler.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::socketio {

class ServerCore;
struct PendingReply;

// A polling request that waits for its body or for its answer. Belongs to the HTTP connection; destroying it tells
// the session that the connection has gone, which ends the session when a GET was held or a body was cut off.
class PollingExchange {
  public:
    PollingExchange(std::shared_ptr<PendingReply> pending, bool is_post);
    ~PollingExchange();
    PollingExchange(const PollingExchange&) = delete;
    PollingExchange& operator=(const PollingExchange&) = delete;

    // POST only, once: the whole body. The answer comes back at once or, when nothing is returned, to the handler,
    // which is never called before this.
    std::optional<HttpReply> finish_body(std::string_view body, std::string_view content_type);

    // POST only, instead of finish_body(): the body is larger than max_payload. The session stays.
    HttpReply body_too_large();

  private:
    std::shared_ptr<PendingReply> pending_;
    bool is_post_;
};

// Either `reply` is set and all is said, or `exchange` is to be kept until the answer came.
struct PollingStart {
    std::optional<HttpReply> reply;
    std::unique_ptr<PollingExchange> exchange;
};

class Server {
  public:
    // Returns the text to refuse with (HTTP 403, code 4), or nothing to let a new session begin. This is the place to
    // check the Origin.
    using AllowRequest = std::function<std::optional<std::string>(const Handshake&)>;

    // `io_threads`: one io_context per io thread, each run by exactly one thread, at most 64. They must outlive the
    // server, and must not run any more when it is destroyed.
    Server(Options options, std::vector<boost::asio::io_context*> io_threads);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Set-up, before the first request. `handler` must outlive the server. A client that wants to join passes the
    // middlewares in their order, then the handler's on_connect(). One that asks for a namespace that was not added
    // gets CONNECT_ERROR "Invalid namespace".
    void add_namespace(std::string name, NamespaceHandler& handler, std::vector<Middleware> middlewares = {});
    // All namespaces whose name `matches` says belong here, tried in the order of their adding when none was added by
    // its name. Called on any io thread, with the auth object of the client (null when it sent none).
    using Matcher = std::function<bool(std::string_view name, const boost::json::value& auth)>;
    void add_namespaces(Matcher matches, NamespaceHandler& handler, std::vector<Middleware> middlewares = {});
    void set_allow_request(AllowRequest allow_request);
    // Makes this server part of a cluster.
    void set_cluster(std::unique_ptr<ClusterAdapter> adapter);

    const Options& options() const;

    // True for targets that belong here (they begin with Options::path). Any thread.
    bool handles(std::string_view target) const;

    // A polling request, called on io thread `io_index` when its head is read. Use the body limit
    // options().max_payload. A GET is answered at once or later to `handler`; of a POST the body is awaited in the
    // exchange returned. Watch the TCP connection while a GET is held and destroy the exchange when it closes.
    PollingStart begin_polling(unsigned io_index, const RequestView& request, ReplyHandler handler);

    // The same in one call, for an HTTP session that has read the body already (two POSTs of one session that are
    // being received at once are then not noticed, as none is seen before it is complete).
    PollingStart handle_polling(unsigned io_index, const RequestView& request, std::string_view body,
                                ReplyHandler handler);

    // A request with an Upgrade header, called on io thread `io_index`. Checks it, answers 101 or an HTTP error, and
    // owns the socket from here on. `leftover` are bytes already read after the request's head. No operation may be
    // pending on the socket.
    void accept_websocket(unsigned io_index, TcpSocket socket, const RequestView& request, std::string_view leftover);

    // Any thread: whether the other servers of the cluster can be reached; nothing without a cluster.
    std::optional<bool> cluster_connected() const;

    // Any thread: something for many clients of the namespace (broadcast.hpp).
    Broadcast in(std::string_view nsp);

    // Any thread: an event for the application of the other servers of the cluster (on_server_event). The second form
    // awaits their answers; `done` is called once, on an io thread, at the latest after `timeout`. Without a cluster
    // there are none.
    void server_side_emit(std::string_view nsp, std::string_view name, std::string_view args,
                          const Attachments& attachments = {});
    void server_side_emit(std::string_view nsp, std::string_view name, std::string_view args,
                          std::chrono::milliseconds timeout, std::function<void(const ClusterAnswers<JsonData>&)> done);

    // Any thread: runs `visit` once for each socket of the namespace, on its own io thread; for those of the calling io
    // thread before this returns. It must be safe to call from several io threads at once.
    void for_each_socket(std::string_view nsp, std::function<void(Socket&)> visit);

    // The same for the socket of that id; nothing happens when there is none.
    void with_socket(std::string_view nsp, std::string socket_id, std::function<void(Socket&)> task);

    // Any thread, once: refuses new sessions, ends all others ("server shutting down", WebSocket code 1001) and calls
    // `done` on some io thread when all connections are closed, at the latest after three seconds.
    void shutdown(std::function<void()> done);

    struct Counts {
        std::size_t sessions = 0;     // Engine.IO sessions, on both transports
        std::size_t websockets = 0;   // open WebSocket connections, also those being closed
        std::size_t sockets = 0;      // clients in namespaces
        std::size_t slow_closed = 0;  // connections closed for reading too slowly, since the start
    };
    // Any thread.
    Counts counts() const;

  private:
    std::unique_ptr<ServerCore> core_;
};

}  // namespace onhand::socketio
