// The upper line of the benchmark: a server of Asio and Beast with nothing behind it. It reads each POST with Beast's
// parser and answers it with the same bytes, whatever it says. No HTTP server built on the two can be faster, so what
// Onhand's no-op lacks to this is the price of its own checks.
//   onhand-bare PORT THREADS ANSWER      ANSWER is a file with a whole HTTP answer, sent as it is

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

constexpr std::string_view ready_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// One connection; it lives as long as a read or a write of it is pending.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Socket socket, const std::string& answer) : socket_(std::move(socket)), answer_(answer) {}

    void read() {
        parser_.emplace();
        beast_http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

  private:
    void write() {
        const bool is_post = parser_->get().method() == beast_http::verb::post;
        const auto bytes = is_post ? asio::buffer(answer_) : asio::buffer(ready_answer);
        asio::async_write(socket_, bytes, [self = shared_from_this()](error_code error, std::size_t) {
            if (!error) self->read();
        });
    }

    Socket socket_;
    const std::string& answer_;
    boost::beast::flat_buffer buffer_;
    std::optional<beast_http::request_parser<beast_http::string_body>> parser_;
};

// One thread with its own loop and its own acceptor on the shared port, as Onhand has it.
class Worker {
  public:
    Worker(unsigned short port, const std::string& answer)
        : io_(1), acceptor_(io_.get_executor()), accepted_(io_.get_executor()), answer_(answer) {
        using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
        const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(Acceptor::reuse_address(true));
        acceptor_.set_option(ReusePort(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        accept();
    }
    void run() { io_.run(); }

  private:
    void accept() {
        acceptor_.async_accept(accepted_, [this](error_code error) {
            if (!error) {
                auto socket = std::exchange(accepted_, Socket(io_.get_executor()));
                socket.set_option(Tcp::no_delay(true), error);
                std::make_shared<Connection>(std::move(socket), answer_)->read();
            }
            accept();
        });
    }

    asio::io_context io_;
    Acceptor acceptor_;
    Socket accepted_;
    const std::string& answer_;
};

}  // namespace

int main(int count, char** values) {
    if (count != 4) {
        std::fputs("usage: onhand-bare PORT THREADS ANSWER\n", stderr);
        return 2;
    }
    std::ifstream file(values[3], std::ios::binary);
    const std::string answer((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const int threads = std::atoi(values[2]);
    if (answer.empty() || threads < 1) {
        std::fputs("onhand-bare: no answer to give, or no thread to give it\n", stderr);
        return 2;
    }
    std::deque<Worker> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back(static_cast<unsigned short>(std::atoi(values[1])), answer);
    std::deque<std::thread> others;
    for (std::size_t i = 1; i < workers.size(); ++i) others.emplace_back([&worker = workers[i]] { worker.run(); });
    workers.front().run();
    for (auto& other : others) other.join();
}
