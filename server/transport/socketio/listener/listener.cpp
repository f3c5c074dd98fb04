#include "transport/socketio/listener/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "transport/socketio/listener/http_connection.hpp"

namespace onhand::socketio {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds sweep_interval{5};
// After an error such as "no file descriptors left" the next try waits.
constexpr std::chrono::milliseconds retry_after{100};

}  // namespace

// Accepts for one io thread and ends its idle connections.
class Listener::Door {
  public:
    Door(Server& server, asio::io_context& io, unsigned io_index, const asio::ip::tcp::endpoint& endpoint)
        : server_(server), io_index_(io_index), acceptor_(io), sweep_(io), retry_(io) {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        // Every io thread listens on the same port; the kernel spreads the connections.
        const int on = 1;
        ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        acceptor_.bind(endpoint);
        acceptor_.listen();
        accept();
        sweep();
    }

    unsigned short port() const { return acceptor_.local_endpoint().port(); }

  private:
    using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;

    void accept() {
        acceptor_.async_accept([this](const boost::system::error_code& error, TcpSocket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) return accept_later();
            // Not make_shared: the memory of a connection must not stay as long as the list refers to it.
            const std::shared_ptr<HttpConnection> connection(new HttpConnection(server_, io_index_, std::move(socket)));
            connections_.push_back(connection);
            connection->start();
            accept();
        });
    }

    void accept_later() {
        retry_.expires_after(retry_after);
        retry_.async_wait([this](const boost::system::error_code& error) {
            if (!error) accept();
        });
    }

    void sweep() {
        sweep_.expires_after(sweep_interval);
        sweep_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            const auto deadline = Clock::now() - http_idle_max;
            std::erase_if(connections_, [deadline](const std::weak_ptr<HttpConnection>& weak) {
                const auto connection = weak.lock();
                if (connection) connection->close_if_idle_since(deadline);
                return connection == nullptr;
            });
            sweep();
        });
    }

    Server& server_;
    unsigned io_index_;
    asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor_;
    Timer sweep_;
    Timer retry_;
    std::vector<std::weak_ptr<HttpConnection>> connections_;
};

Listener::Listener(Server& server, const std::vector<asio::io_context*>& io_threads, const std::string& address,
                   unsigned short port) {
    asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
    for (auto* io : io_threads) {
        const auto index = static_cast<unsigned>(doors_.size());
        doors_.push_back(std::make_unique<Door>(server, *io, index, endpoint));
        endpoint.port(doors_.back()->port());  // port 0 is chosen once
    }
}

Listener::~Listener() = default;

unsigned short Listener::port() const {
    return doors_.front()->port();
}

}  // namespace onhand::socketio
