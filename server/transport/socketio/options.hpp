// Settings of the Socket.IO server and the plain types that cross its border: what the HTTP session hands in and what
// it gets back. Read by everyone who uses the library; plain data, any thread.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/engine_session.hpp"
#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

// A TCP socket with a concrete executor, as the HTTP server accepts it.
using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Which pages of other origins may use polling. A browser asks nobody for a WebSocket: use Server::set_allow_request
// for those.
struct Cors {
    std::vector<std::string> origins;          // "https://shop.example.com"; "*" for all, then without credentials
    bool credentials = false;                  // cookies may be sent along
    std::vector<std::string> allowed_headers;  // none: those the browser asks for
};

// A cookie with the session's id, for load balancers that keep a client on one server by it.
struct StickyCookie {
    std::string name = "io";
    std::string path = "/";
    std::string same_site = "Lax";
    bool http_only = true;
    bool secure = false;
};

struct Options {
    std::string path = "/socket.io/";  // requests whose target begins with this belong to the server
    std::chrono::milliseconds ping_interval{25000};
    std::chrono::milliseconds ping_timeout{20000};
    std::chrono::milliseconds upgrade_timeout{10000};
    std::chrono::milliseconds connect_timeout{45000};  // for joining a first namespace
    std::size_t max_payload = 1'000'000;               // bytes of one POST body or WebSocket message
    std::size_t max_attachments = attachments_max;     // of one packet from a client
    std::size_t sessions_max = 20'000;                 // over all io threads; beyond it: HTTP 503

    std::optional<Cors> cors;
    std::optional<StickyCookie> cookie;  // set with the handshake of a polling session

    // Connection state recovery, off when zero: how long a client that lost its connection may come back to its
    // session, and how many bytes of events are kept for that at most.
    std::chrono::milliseconds recovery_window{0};
    std::size_t recovery_bytes_max = 64'000'000;

    bool batch_sends = true;  // write to many clients in one system call (io_uring), where that is allowed

    // Outbox of one connection in bytes. Above the soft limit for longer than the grace, or above the hard limit at
    // once, the connection is closed (WebSocket code 1013).
    std::size_t outbox_soft_bytes = 1'000'000;
    std::size_t outbox_hard_bytes = 8'000'000;
    std::chrono::milliseconds outbox_grace{5000};

    // Called on an io thread when an application callback threw; the connection is closed.
    std::function<void(std::string_view what)> on_application_error;
};

// What the library needs of an HTTP request. Views; they must live until the call returns. Header values are as
// received; of a repeated header pass all values joined with ", ".
struct RequestView {
    std::string_view method;
    std::string_view target;  // path and query, undecoded
    std::string_view origin;
    std::string_view cookie;
    std::string_view host;
    std::string_view user_agent;
    std::string_view authorization;
    std::string_view content_type;
    std::string_view remote_address;
    bool secure = false;  // TLS, here or at a trusted proxy

    // For OPTIONS requests only.
    std::string_view access_control_request_headers;

    // For WebSocket requests only.
    std::string_view upgrade;
    std::string_view connection;
    std::string_view sec_websocket_key;
    std::string_view sec_websocket_version;
    std::string_view sec_websocket_protocol;
};

// The answer to a polling request. The HTTP session adds Content-Length, its security headers and
// "Cache-Control: no-store".
struct HttpReply {
    unsigned status = 200;
    std::string_view content_type;  // a constant
    std::string body;
    std::string fields;  // further header fields, each "Name: value\r\n"
};

// Receives a deferred answer, on the io thread of the request, never from inside a call of the library.
using ReplyHandler = std::function<void(HttpReply)>;

// How the session began; kept as long as it lives, for the application.
struct Handshake {
    Transport transport = Transport::polling;
    std::string target;
    std::string origin;
    std::string cookie;
    std::string host;
    std::string user_agent;
    std::string authorization;
    std::string remote_address;
    bool secure = false;
    std::chrono::system_clock::time_point issued;
};

}  // namespace onhand::socketio
