// The part of HttpSession that serves Socket.IO: polling requests with an answer that may come much later, and the
// hand-over of the socket when a request becomes a WebSocket.
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>

#include "transport/http/session.hpp"

namespace onhand::http {

namespace asio = boost::asio;
using boost::system::error_code;

bool HttpSession::wants_live() const {
    return context_.live != nullptr && context_.live->handles(head_.target);
}

socketio::RequestView HttpSession::live_request() const {
    socketio::RequestView view;
    view.method = head_.method;
    view.target = head_.target;
    view.origin = head_.origin;
    view.cookie = head_.cookie;
    view.host = head_.host;
    view.user_agent = head_.user_agent;
    view.authorization = head_.authorization;
    view.content_type = head_.content_type;
    view.remote_address = exchange_.client_address();
    view.secure = context_.options.behind_tls;
    view.access_control_request_headers = head_.access_control_request_headers;
    view.upgrade = head_.upgrade;
    view.connection = head_.connection;
    view.sec_websocket_key = head_.websocket_key;
    view.sec_websocket_version = head_.websocket_version;
    view.sec_websocket_protocol = head_.websocket_protocol;
    return view;
}

// One request under /socket.io/. False when the connection is to be closed, or is not ours any more.
HttpSession::AwaitableBool HttpSession::serve_polling() {
    auto& admission = exchange_.admission();
    admission.row = context_.router.rows().size() + ExtraRows::polling;
    admission.file = nullptr;
    admission.head_only = head_.method == "HEAD";
    if (head_.upgrade_websocket && head_.method == "GET") {
        const bool sent = write_now() || co_await write_rest();
        if (sent) hand_to_websocket();
        co_return false;
    }
    polling_reply_.reset();
    const std::weak_ptr<HttpSession> weak = weak_from_this();
    const auto answered = [weak](socketio::HttpReply reply) {
        const auto session = weak.lock();
        if (!session) return;
        session->polling_reply_ = std::move(reply);
        session->resume();
    };
    const auto view = live_request();
    auto start = context_.live->begin_polling(thread_.index(), view, answered);
    if (!start.reply && head_.method == "POST") {
        if (head_.content_length > context_.live->options().max_payload) {
            start.reply = start.exchange->body_too_large();
            keep_ = false;
        } else {
            const bool read = co_await read_body();
            if (!read) co_return false;
            start.reply = start.exchange->finish_body(body_view_, head_.content_type);
        }
    } else if (start.reply && head_.content_length > 0) {
        keep_ = false;  // refused before its body was read
    }
    if (!start.reply) {
        // Answers to earlier requests must not wait with this one.
        const bool sent = write_now() || co_await write_rest();
        if (!sent) co_return false;
        holding_ = true;
        watch_peer();
        while (!polling_reply_ && !peer_gone_) co_await wait_for_answer();
        holding_ = false;
        if (peer_gone_) co_return false;
        error_code ignored;
        if (watching_) socket_.cancel(ignored);
        start.reply = std::move(polling_reply_);
    }
    answer_polling(*start.reply);
    const bool go_on = keep_ && !draining_;
    consume();
    co_return go_on;
}

void HttpSession::answer_polling(const socketio::HttpReply& reply) {
    auto& answer = exchange_.answer_parts();
    answer.status = static_cast<std::int32_t>(reply.status);
    answer.content_type = reply.content_type;
    answer.fields = reply.fields;
    answer.body = reply.body;
    append_answer(answer.body, answer.body.size());
    count(answer.status);
}

// While a GET is held nothing is read, so somebody must notice that the client has gone.
void HttpSession::watch_peer() {
    watching_ = true;
    const auto on_readable = [self = shared_from_this()](const error_code& error) {
        self->watching_ = false;
        if (!self->holding_) return;
        if (error) {
            // A wait that was taken back because the answer came is no news.
            if (!self->closed_) return;
        } else {
            char byte = 0;
            error_code peeked;
            const auto room = asio::buffer(&byte, 1);
            const auto count = self->socket_.receive(room, IoThread::Socket::message_peek, peeked);
            const bool waits = peeked == asio::error::would_block || peeked == asio::error::try_again;
            if (waits) return self->watch_peer();
            if (!peeked && count > 0) return;  // the next request, sent early
        }
        self->peer_gone_ = true;
        self->resume();
    };
    socket_.async_wait(IoThread::Socket::wait_read, on_readable);
}

void HttpSession::hand_to_websocket() {
    const auto view = live_request();
    const auto leftover = unread().substr(head_length_);
    count(200);
    closed_ = true;  // nothing here touches the socket again
    context_.live->accept_websocket(thread_.index(), std::move(socket_), view, leftover);
}

}  // namespace onhand::http
