// A complete Socket.IO echo server on the library alone, and the program the end-to-end tests talk to. It shows what
// an HTTP server has to do: hand polling requests to the library, watch the connection while a GET is held, and give
// the socket away when a WebSocket is asked for. Beast parses HTTP here; the library does not know it.
//
// Events: "message" is sent back as "message-back", "message-with-ack" is answered by its ack, and "auth" carries the
// client's auth object after connecting. "ask" makes the server ask back with an ack; "flood" sends many events;
// "leave" and "kick" make the server disconnect. The namespace /guarded refuses clients without the right token.
#include <sys/socket.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "transport/socketio/server.hpp"

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace socketio = onhand::socketio;
using socketio::TcpSocket;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

namespace {

// The arguments of an event as JSON text without brackets.
std::string arguments_of(const socketio::Event& event) {
    std::string out;
    for (std::size_t i = 0; i < event.argument_count(); ++i) {
        if (i > 0) out += ',';
        out += boost::json::serialize(*event.argument(i));
    }
    return out;
}

// Counts what the back-pressure of one client let through.
struct FloodState {
    long left = 0;
    long number = 0;
};

void pour(socketio::Socket& socket, FloodState& flood) {
    while (flood.left > 0 && socket.writable()) {
        const std::string padding(1000, 'x');
        socket.emit("flood", std::to_string(flood.number++) + ",\"" + padding + "\"");
        if (--flood.left == 0) socket.emit("flood-end", std::to_string(flood.number));
    }
}

class Echo : public socketio::NamespaceHandler {
  public:
    void set_server(socketio::Server& server) { server_ = &server; }

    void on_connect(socketio::ConnectRequest request) override {
        const auto auth = request.auth();
        const auto socket = request.accept(std::make_shared<FloodState>());
        if (!socket) return;
        const auto json = boost::json::serialize(auth.is_null() ? boost::json::value(boost::json::object()) : auth);
        socket->emit("auth", json);
    }

    void on_event(socketio::Socket& socket, socketio::Event& event) override {
        if (event.name == "message") {
            socket.emit("message-back", arguments_of(event));
        } else if (event.name == "message-with-ack") {
            event.ack.reply(arguments_of(event));
        } else if (event.name == "ask") {
            ask(socket, arguments_of(event));
        } else if (event.name == "flood") {
            auto* flood = socket.data<FloodState>();
            const auto* count = event.argument(0);
            flood->left = count != nullptr && count->is_int64() ? count->get_int64() : 0;
            socket.set_drain_handler([](socketio::Socket& drained) { pour(drained, *drained.data<FloodState>()); });
            pour(socket, *flood);
        } else if (event.name == "push") {
            push(socket, event);
        } else if (event.name == "announce") {
            server_->broadcast(socket.nsp(), socketio::EncodedEvent("announced", arguments_of(event), socket.nsp()));
        } else if (event.name == "visit") {
            server_->for_each_socket(socket.nsp(), [](socketio::Socket& other) { other.emit("visited", ""); });
        } else if (event.name == "whisper" && event.argument_count() == 1 && event.argument(0)->is_string()) {
            const auto whisper = [](socketio::Socket& other) { other.emit("whispered", ""); };
            server_->post(socket.nsp(), std::string(event.argument(0)->get_string()), whisper);
        } else if (event.name == "leave") {
            socket.disconnect();
        } else if (event.name == "kick") {
            socket.disconnect(true);
        } else if (event.name == "throw") {
            throw std::runtime_error("asked to throw");
        }
    }

    void on_disconnect(socketio::Socket&, std::string_view reason) override {
        std::printf("disconnect %.*s\n", static_cast<int>(reason.size()), reason.data());
        std::fflush(stdout);
    }

  private:
    static void ask(socketio::Socket& socket, std::string arguments) {
        const auto weak = socket.weak_from_this();
        socket.emit_with_ack("question", arguments, std::chrono::seconds(1), [weak](const boost::json::array* answer) {
            const auto asker = weak.lock();
            if (asker) asker->emit("answered", answer != nullptr ? boost::json::serialize(*answer) : "null");
        });
    }

    // Sends without regard to back-pressure, to show how the outbox is bounded.
    static void push(socketio::Socket& socket, const socketio::Event& event) {
        const auto* count = event.argument(0);
        const socketio::EncodedEvent pushed("pushed", "\"" + std::string(10000, 'y') + "\"");
        const auto times = count != nullptr && count->is_int64() ? count->get_int64() : 0;
        for (std::int64_t i = 0; i < times; ++i) socket.emit(pushed);
    }

    socketio::Server* server_ = nullptr;
};

// A namespace that looks at the token first and takes its time.
class Guarded : public socketio::NamespaceHandler {
  public:
    void on_connect(socketio::ConnectRequest request) override {
        auto& io = request.io_context();
        asio::post(io, [held = std::move(request)]() mutable {
            const auto* auth = held.auth().if_object();
            const auto* token = auth != nullptr ? auth->if_contains("token") : nullptr;
            if (token != nullptr && *token == "let me in") {
                held.accept();
            } else {
                held.refuse("not authorized", "{\"code\":401}");
            }
        });
    }
    void on_event(socketio::Socket&, socketio::Event&) override {}
    void on_disconnect(socketio::Socket&, std::string_view) override {}
};

std::string joined(const http::fields& fields, http::field name) {
    std::string out;
    const auto [first, last] = fields.equal_range(name);
    for (auto field = first; field != last; ++field) {
        if (!out.empty()) out += ", ";
        out += std::string_view(field->value().data(), field->value().size());
    }
    return out;
}

// One HTTP/1.1 connection: request after request until it closes or becomes a WebSocket.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
  public:
    HttpConnection(socketio::Server& server, unsigned io_index, TcpSocket socket)
        : server_(server), io_index_(io_index), socket_(std::move(socket)) {}

    void read_head() {
        exchange_.reset();
        ++request_number_;
        parser_.emplace();
        parser_->body_limit(server_.options().max_payload);
        http::async_read_header(socket_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
            if (!error) self->on_head();
        });
    }

  private:
    // Reads the fields once, because views into Beast's joined values would not live long enough.
    socketio::RequestView view() {
        const auto& fields = parser_->get().base();
        const auto keep = [&](http::field name) -> std::string_view {
            texts_.push_back(joined(fields, name));
            return texts_.back();
        };
        texts_.clear();
        texts_.reserve(16);
        socketio::RequestView view;
        texts_.push_back(std::string(fields.method_string()));
        view.method = texts_.back();
        texts_.push_back(std::string(fields.target()));
        view.target = texts_.back();
        view.origin = keep(http::field::origin);
        view.cookie = keep(http::field::cookie);
        view.host = keep(http::field::host);
        view.content_type = keep(http::field::content_type);
        view.upgrade = keep(http::field::upgrade);
        view.connection = keep(http::field::connection);
        view.sec_websocket_key = keep(http::field::sec_websocket_key);
        view.sec_websocket_version = keep(http::field::sec_websocket_version);
        view.sec_websocket_protocol = keep(http::field::sec_websocket_protocol);
        return view;
    }

    void on_head() {
        keep_alive_ = parser_->get().keep_alive();
        const auto request = view();
        content_type_ = request.content_type;
        if (!server_.handles(request.target)) {
            write(socketio::HttpReply{404, "text/plain", "not found"});
            return;
        }
        if (!request.upgrade.empty()) {
            const auto rest = buffer_.data();
            server_.accept_websocket(io_index_, std::move(socket_), request,
                                     {static_cast<const char*>(rest.data()), rest.size()});
            return;
        }
        const auto number = request_number_;
        auto start =
            server_.begin_polling(io_index_, request, [weak = weak_from_this(), number](socketio::HttpReply r) {
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

    void read_body() {
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
    void watch(TcpSocket::wait_type wait = TcpSocket::wait_read) {
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

    void write(socketio::HttpReply reply) {
        exchange_.reset();
        answer_ = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\nCache-Control: no-store\r\n";
        if (!reply.content_type.empty()) answer_ += "Content-Type: " + std::string(reply.content_type) + "\r\n";
        answer_ += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
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
    void linger() {
        boost::system::error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        rest_.resize(65536);
        socket_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](auto error, std::size_t) {
            if (!error) self->linger();
        });
    }

    socketio::Server& server_;
    unsigned io_index_;
    TcpSocket socket_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::unique_ptr<socketio::PollingExchange> exchange_;
    std::vector<std::string> texts_;
    std::string content_type_;
    std::string answer_;
    std::vector<char> rest_;
    unsigned request_number_ = 0;
    bool keep_alive_ = true;
};

void accept_next(Acceptor& acceptor, socketio::Server& server, unsigned io_index) {
    acceptor.async_accept([&acceptor, &server, io_index](auto error, TcpSocket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) std::make_shared<HttpConnection>(server, io_index, std::move(socket))->read_head();
        accept_next(acceptor, server, io_index);
    });
}

struct Settings {
    socketio::Options options;
    unsigned short port = 3000;
    unsigned io_threads = 1;
    std::string origin;  // when set, the only Origin that is let in
};

Settings read_settings(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const long value = std::atol(argv[i + 1]);
        auto& options = settings.options;
        if (name == "--port") settings.port = static_cast<unsigned short>(value);
        if (name == "--io-threads") settings.io_threads = static_cast<unsigned>(value);
        if (name == "--ping-interval") options.ping_interval = std::chrono::milliseconds(value);
        if (name == "--ping-timeout") options.ping_timeout = std::chrono::milliseconds(value);
        if (name == "--upgrade-timeout") options.upgrade_timeout = std::chrono::milliseconds(value);
        if (name == "--connect-timeout") options.connect_timeout = std::chrono::milliseconds(value);
        if (name == "--max-payload") options.max_payload = static_cast<std::size_t>(value);
        if (name == "--outbox-soft") options.outbox_soft_bytes = static_cast<std::size_t>(value);
        if (name == "--outbox-hard") options.outbox_hard_bytes = static_cast<std::size_t>(value);
        if (name == "--outbox-grace") options.outbox_grace = std::chrono::milliseconds(value);
        if (name == "--origin") settings.origin = argv[i + 1];
    }
    return settings;
}

Acceptor listen(asio::io_context& io, unsigned short port) {
    Acceptor acceptor(io);
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"), port);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    const int on = 1;
    ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    acceptor.bind(endpoint);
    acceptor.listen();
    return acceptor;
}

void serve(const Settings& settings) {
    std::vector<std::unique_ptr<asio::io_context>> contexts;
    std::vector<asio::io_context*> pointers;
    for (unsigned i = 0; i < settings.io_threads; ++i) {
        contexts.push_back(std::make_unique<asio::io_context>(1));
        pointers.push_back(contexts.back().get());
    }
    Echo echo;
    Guarded guarded;
    socketio::Server server(settings.options, pointers);
    echo.set_server(server);
    server.add_namespace("/", echo);
    server.add_namespace("/custom", echo);
    server.add_namespace("/guarded", guarded);
    server.set_allow_request([&](const socketio::Handshake& handshake) -> std::optional<std::string> {
        if (settings.origin.empty() || handshake.origin == settings.origin) return std::nullopt;
        return "Origin not allowed";
    });

    std::vector<Acceptor> acceptors;
    acceptors.reserve(settings.io_threads);
    auto port = settings.port;
    for (unsigned i = 0; i < settings.io_threads; ++i) {
        acceptors.push_back(listen(*pointers[i], port));
        port = acceptors.back().local_endpoint().port();  // port 0 is chosen once
        accept_next(acceptors.back(), server, i);
    }
    const auto stop = [&contexts] {
        for (const auto& io : contexts) asio::post(*io, [&io] { io->stop(); });
    };
    asio::signal_set signals(*pointers[0], SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { server.shutdown(stop); });

    std::printf("listening on %u\n", port);
    std::fflush(stdout);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < settings.io_threads; ++i) threads.emplace_back([io = pointers[i]] { io->run(); });
    pointers[0]->run();
    for (auto& thread : threads) thread.join();
    const auto counts = server.counts();
    std::printf("stopped %zu sessions %zu websockets\n", counts.sessions, counts.websockets);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        serve(read_settings(argc, argv));
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return EXIT_FAILURE;
    }
}
