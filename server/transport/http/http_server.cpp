#include "transport/http/http_server.hpp"

#include <sodium.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <utility>

#include "base/ensure.hpp"
#include "transport/http/io_thread.hpp"
#include "transport/http/passwords.hpp"
#include "transport/http/server_context.hpp"

namespace onhand::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Options checked(const Options& options) {
    ensure(options.io_threads >= 1 && options.io_threads <= 64, "1 to 64 io threads");
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    prepare_hashing();
    return options;
}

// A listening socket; on failure `error` is set.
IoThread::Acceptor listen_on(asio::io_context& io, const IoThread::Tcp::endpoint& endpoint, bool shared,
                             error_code& error) {
    IoThread::Acceptor acceptor(io.get_executor());
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(IoThread::Acceptor::reuse_address(true), error);
    if (!error && shared) acceptor.set_option(ReusePort(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return acceptor;
}

}  // namespace

struct HttpServer::Impl {
    Impl(const Options& options, const Services& services, StaticFiles page, std::span<const Route> rows)
        : context(checked(options), services, rows, std::move(page)) {
        for (unsigned index = 0; index < context.options.io_threads; ++index)
            threads.push_back(std::make_unique<IoThread>(context, index));
    }

    ServerContext context;
    std::vector<std::unique_ptr<IoThread>> threads;
    std::uint16_t port = 0;
    bool started = false;
    bool stopped = false;
};

HttpServer::HttpServer(const Options& options, const Services& services, StaticFiles page, std::span<const Route> rows)
    : impl_(std::make_unique<Impl>(options, services, std::move(page), rows)) {}

HttpServer::~HttpServer() {
    stop();
}

std::vector<asio::io_context*> HttpServer::io_contexts() {
    std::vector<asio::io_context*> contexts;
    for (auto& thread : impl_->threads) contexts.push_back(&thread->io());
    return contexts;
}

void HttpServer::set_live(socketio::Server& live) {
    ensure(!impl_->started, "set_live() comes before start()");
    impl_->context.live = &live;
}

Result<void, ListenError> HttpServer::start() {
    ensure(!impl_->started, "a server starts once");
    const auto& options = impl_->context.options;
    error_code error;
    const auto address = asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
    if (error) return ListenError{"the host \"" + options.host + "\" is not an IP address"};
    IoThread::Tcp::endpoint endpoint(address, options.port);
    const bool shared = impl_->threads.size() > 1;
    if (shared) {
        // A port that several threads share could silently be shared with another process too: an exclusive bind
        // shows first that nobody else listens.
        auto probe = listen_on(impl_->threads.front()->io(), endpoint, false, error);
        if (!error) endpoint.port(probe.local_endpoint().port());
    }
    std::vector<IoThread::Acceptor> acceptors;
    for (auto& thread : impl_->threads) {
        if (error) break;
        acceptors.push_back(listen_on(thread->io(), endpoint, shared, error));
        if (!error) endpoint.port(acceptors.back().local_endpoint().port());
    }
    if (error) {
        return ListenError{"cannot listen on " + options.host + " port " + std::to_string(options.port) + ": " +
                           error.message()};
    }
    impl_->port = endpoint.port();
    impl_->started = true;
    for (std::size_t i = 0; i < acceptors.size(); ++i) impl_->threads[i]->start(std::move(acceptors[i]));
    return {};
}

std::uint16_t HttpServer::port() const {
    return impl_->port;
}

void HttpServer::call(std::size_t io_index, Call call, CallDone done) {
    impl_->threads.at(io_index)->call(std::move(call), std::move(done));
}

void HttpServer::drain(std::function<void()> drained) {
    impl_->context.draining.store(true);
    const auto left = std::make_shared<std::atomic<std::size_t>>(impl_->threads.size());
    for (auto& thread : impl_->threads) {
        thread->stop_accepting([left, drained] {
            if (left->fetch_sub(1) == 1) drained();
        });
    }
}

void HttpServer::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    impl_->context.draining.store(true);
    for (auto& thread : impl_->threads) thread->close_all();
    // The pools run what waits, whose results the io threads still take.
    impl_->context.read_pool.stop();
    impl_->context.hash_pool.stop();
    for (auto& thread : impl_->threads) thread->join();
}

void HttpServer::sweep_soon() {
    for (auto& thread : impl_->threads) thread->sweep_soon();
}

}  // namespace onhand::http
