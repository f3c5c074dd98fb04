// The answer to one polling request on its way back to the HTTP session, which may live on another io thread than
// the session it talks to. Internal to the library. The HTTP side (home) creates it; the owning io thread delivers.
#pragma once

#include <memory>
#include <optional>

#include "transport/socketio/io_gate.hpp"
#include "transport/socketio/options.hpp"

namespace onhand::socketio {

class Connection;

struct PendingReply : std::enable_shared_from_this<PendingReply> {
    PendingReply(IoGatePtr home_gate, ReplyHandler reply_handler)
        : home(std::move(home_gate)), handler(std::move(reply_handler)) {}

    // Owner's thread: hands the answer over. While the HTTP session is inside a call of the library on the same
    // thread, it is returned by that call; else it is posted to the handler.
    void deliver(HttpReply reply);

    // Home thread: begins and ends a call on behalf of the HTTP session.
    void begin_call() {
        if (same_thread) collecting = true;
    }
    std::optional<HttpReply> end_call();

    // Home thread: the HTTP session no longer wants an answer.
    void cancel() { handler = nullptr; }

    IoGatePtr home;
    IoGatePtr owner;                       // set before the request reaches the owner
    std::string fields;                    // of every answer to this request; set like owner
    ReplyHandler handler;                  // home thread only
    std::weak_ptr<Connection> connection;  // owner's thread only
    bool awaiting_body = false;            // home thread only: the handler must wait for finish_body()
    std::optional<HttpReply> early;        // home thread only: an answer that came before the body
    std::optional<HttpReply> immediate;
    bool same_thread = true;  // constant once the request was routed
    bool collecting = false;  // never touched unless same_thread
    bool done = false;        // owner's thread: the answer was delivered
};

using PendingReplyPtr = std::shared_ptr<PendingReply>;

// The answers of the error table: {"code":N,"message":"…"}.
enum class RequestError : unsigned char {
    transport_unknown = 0,
    session_unknown = 1,
    bad_handshake_method = 2,
    bad_request = 3,
    forbidden = 4,
    unsupported_version = 5,
};
std::string_view to_text(RequestError error);
HttpReply error_reply(RequestError error, std::string_view message = {});
HttpReply text_reply(unsigned status, std::string body);
HttpReply busy_reply();

}  // namespace onhand::socketio
