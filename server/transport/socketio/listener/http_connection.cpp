#include "transport/socketio/listener/http_connection.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <utility>

namespace onhand::socketio {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

std::string joined(const http::fields& fields, http::field name) {
    std::string out;
    const auto [first, last] = fields.equal_range(name);
    for (auto field = first; field != last; ++field) {
        if (!out.empty()) out += ", ";
        out += std::string_view(field->value().data(), field->value().size());
    }
    return out;
}

}  // namespace

HttpConnection::HttpConnection(Server& server, unsigned io_index, TcpSocket socket)
    : server_(server), io_index_(io_index), socket_(std::move(socket)) {
    boost::system::error_code ignored;
    remote_address_ = socket_.remote_endpoint(ignored).address().to_string();
}

void HttpConnection::read_head() {
    exchange_.reset();
    ++request_number_;
    active_at_ = Clock::now();
    parser_.emplace();
    parser_->header_limit(head_bytes_max);
    // The session has to say what is too long, so the head is taken whatever length it announces.
    parser_->body_limit(boost::none);
    http::async_read_header(socket_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
        if (!error) self->on_head();
    });
}

// Reads the fields once, because views into Beast's joined values would not live long enough.
RequestView HttpConnection::view() {
    const auto& fields = parser_->get().base();
    const auto keep = [&](http::field name) -> std::string_view {
        texts_.push_back(joined(fields, name));
        return texts_.back();
    };
    texts_.clear();
    texts_.reserve(16);  // no view may move
    RequestView view;
    texts_.push_back(std::string(fields.method_string()));
    view.method = texts_.back();
    texts_.push_back(std::string(fields.target()));
    view.target = texts_.back();
    view.remote_address = remote_address_;
    view.origin = keep(http::field::origin);
    view.cookie = keep(http::field::cookie);
    view.host = keep(http::field::host);
    view.user_agent = keep(http::field::user_agent);
    view.authorization = keep(http::field::authorization);
    view.access_control_request_headers = keep(http::field::access_control_request_headers);
    view.content_type = keep(http::field::content_type);
    view.upgrade = keep(http::field::upgrade);
    view.connection = keep(http::field::connection);
    view.sec_websocket_key = keep(http::field::sec_websocket_key);
    view.sec_websocket_version = keep(http::field::sec_websocket_version);
    view.sec_websocket_protocol = keep(http::field::sec_websocket_protocol);
    return view;
}

void HttpConnection::on_head() {
    keep_alive_ = parser_->get().keep_alive();
    const auto request = view();
    content_type_ = request.content_type;
    if (!server_.handles(request.target)) {
        write(HttpReply{404, "text/plain", "not found", {}});
        return;
    }
    if (!request.upgrade.empty()) {
        const auto rest = buffer_.data();
        server_.accept_websocket(io_index_, std::move(socket_), request,
                                 {static_cast<const char*>(rest.data()), rest.size()});
        return;
    }
    const auto number = request_number_;
    auto start = server_.begin_polling(io_index_, request, [weak = weak_from_this(), number](HttpReply r) {
        const auto self = weak.lock();
        if (self && self->request_number_ == number) self->write(std::move(r));
    });
    exchange_ = std::move(start.exchange);
    if (start.reply) {
        keep_alive_ = keep_alive_ && parser_->is_done();  // an unread body ends the connection
        write(std::move(*start.reply));
    } else if (request.method == "POST") {
        read_body();
    } else {
        watch();
    }
}

void HttpConnection::read_body() {
    const auto limit = server_.options().max_payload;
    if (parser_->content_length().value_or(0) > limit) {
        keep_alive_ = false;
        write(exchange_->body_too_large());
        return;
    }
    parser_->body_limit(limit);
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
        if (error == http::error::body_limit) {
            self->keep_alive_ = false;
            self->write(self->exchange_->body_too_large());
        } else if (error) {
            self->exchange_.reset();
        } else if (auto reply = self->exchange_->finish_body(self->parser_->get().body(), self->content_type_)) {
            self->write(std::move(*reply));
        } else {
            self->watch();
        }
    });
}

// While an answer is awaited a closed connection has to be noticed. The pending wait is also what keeps this
// object alive; when the next request comes early, only an error is waited for.
void HttpConnection::watch(TcpSocket::wait_type wait) {
    awaiting_answer_ = true;
    const auto number = request_number_;
    socket_.async_wait(wait, [self = shared_from_this(), number](auto error) {
        if (error || self->request_number_ != number || !self->exchange_) return;
        char byte = 0;
        const auto count = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (count > 0) {
            self->watch(TcpSocket::wait_error);
            return;
        }
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            self->watch();
            return;
        }
        self->exchange_.reset();
        self->socket_.close();
    });
}

void HttpConnection::write(HttpReply reply) {
    exchange_.reset();
    awaiting_answer_ = false;
    active_at_ = Clock::now();
    answer_ = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\nCache-Control: no-store\r\n";
    if (!reply.content_type.empty()) answer_ += "Content-Type: " + std::string(reply.content_type) + "\r\n";
    answer_ += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    answer_ += reply.fields;
    if (!keep_alive_) answer_ += "Connection: close\r\n";
    answer_ += "\r\n" + reply.body;
    asio::async_write(socket_, asio::buffer(answer_), [self = shared_from_this()](auto error, std::size_t) {
        if (error) return;
        if (self->keep_alive_) {
            self->read_head();
        } else {
            self->linger();
        }
    });
}

// Lets the client read the answer before the connection goes, although it may still be sending.
void HttpConnection::linger() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    rest_.resize(65536);
    socket_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](auto error, std::size_t) {
        if (!error) self->linger();
    });
}

void HttpConnection::close_if_idle_since(TimePoint deadline) {
    boost::system::error_code ignored;
    if (!awaiting_answer_ && active_at_ <= deadline) socket_.close(ignored);
}

}  // namespace onhand::socketio
