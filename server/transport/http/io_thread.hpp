#pragma once
// One thread of the HTTP server with everything that belongs to it: the event loop, the acceptor, its connections, the
// timer that watches all their time-outs, the commands gathered in this turn of the loop, and the way back from the
// engine. Made by HttpServer. Unless said otherwise a function is called on the thread itself.

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/request.hpp"
#include "transport/http/answer_head.hpp"
#include "transport/http/call.hpp"
#include "transport/http/metrics.hpp"
#include "transport/http/server_context.hpp"

namespace onhand::http {

class HttpSession;
class RunningCall;

class IoThread final : public engine::CompletionSink {
  public:
    using Executor = boost::asio::io_context::executor_type;
    using Tcp = boost::asio::ip::tcp;
    using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;
    using Acceptor = boost::asio::basic_socket_acceptor<Tcp, Executor>;
    using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

    IoThread(ServerContext& context, unsigned index);
    ~IoThread() override;

    // Set-up and end; the thread that owns the server.
    // Takes over a listening acceptor and starts the thread.
    void start(Acceptor acceptor);
    void join();
    boost::asio::io_context& io() { return io_; }

    // Any thread.
    void complete(engine::Request* first) override;
    void stop_accepting(std::function<void()> drained);
    void close_all();
    void sweep_soon();

    // A request that did not come by HTTP; see HttpServer::call().
    void call(Call call, CallDone done);

    // For the connections and calls.
    ServerContext& context() { return context_; }
    unsigned index() const { return index_; }
    void add(HttpSession& session);
    void remove(HttpSession& session);
    void end_call(RunningCall& call);
    void submit(engine::Request& request);
    // Notes that a session token is in use, without anybody waiting for it.
    void touch(const engine::Identity& identity);
    std::string_view date_line() { return date_.at(context_.services.clock.wall_ms()); }
    std::uint64_t random() { return random_(); }
    RequestCounters& counters() { return counters_; }

  private:
    class TouchRequest;
    // The way back of TouchSession commands, which nobody waits for.
    class TouchSink final : public engine::CompletionSink {
      public:
        explicit TouchSink(IoThread& thread) : thread_(thread) {}
        void complete(engine::Request* first) override;

      private:
        IoThread& thread_;
    };

    void accept_next();
    void on_accept(const boost::system::error_code& error);
    void start_sweep();
    void sweep();
    void flush();
    void deliver(engine::Request* first);
    void touched(engine::Request* first);
    void when_empty();

    ServerContext& context_;
    const unsigned index_;
    boost::asio::io_context io_;
    std::optional<boost::asio::executor_work_guard<Executor>> work_;
    std::optional<Acceptor> acceptor_;
    Socket accepted_;
    Timer sweep_timer_;
    Timer accept_pause_;
    std::vector<HttpSession*> sessions_;
    std::vector<std::unique_ptr<RunningCall>> calls_;
    std::vector<engine::Request*> gathered_;
    std::vector<std::unique_ptr<TouchRequest>> touches_;
    TouchSink touch_sink_{*this};
    bool flush_posted_ = false;
    bool closing_ = false;
    std::function<void()> drained_;
    DateLine date_;
    std::mt19937_64 random_;
    RequestCounters counters_;
    std::thread thread_;
};

}  // namespace onhand::http
