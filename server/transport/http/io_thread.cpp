#include "transport/http/io_thread.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <span>
#include <string>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "transport/http/running_call.hpp"
#include "transport/http/session.hpp"

namespace onhand::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};  // after running out of descriptors
constexpr std::size_t touches_max = 256;                // sessions being noted as in use at a time
constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\nContent-Length: 5\r\n"
    "Connection: close\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\nbusy\n";

}  // namespace

// A TouchSession on its way; kept by the thread until it is back.
class IoThread::TouchRequest final : public engine::Request {
  public:
    void render(const domain::Outcome&, engine::StoredBytes&) const override {
        ensure(false, "without a key nothing is stored");
    }
};

IoThread::IoThread(ServerContext& context, unsigned index)
    : context_(context),
      index_(index),
      io_(1),
      work_(asio::make_work_guard(io_)),
      accepted_(io_.get_executor()),
      sweep_timer_(io_.get_executor()),
      accept_pause_(io_.get_executor()),
      random_(std::random_device()()),
      counters_(context.router.rows().size() + ExtraRows::count) {
    context_.counters.push_back(&counters_);
}

IoThread::~IoThread() {
    join();
}

void IoThread::start(Acceptor acceptor) {
    acceptor_.emplace(std::move(acceptor));
    asio::post(io_, [this] {
        accept_next();
        start_sweep();
    });
    thread_ = std::thread([this] {
        name_thread("io");
        io_.run();
    });
}

// The loop ends in when_empty(), not for want of work: a call that waits for the engine has nothing pending here.
void IoThread::join() {
    if (thread_.joinable()) thread_.join();
}

void IoThread::accept_next() {
    if (!acceptor_) return;
    acceptor_->async_accept(accepted_, [this](const error_code& error) { on_accept(error); });
}

void IoThread::on_accept(const error_code& error) {
    if (!acceptor_) return;
    if (error) {
        // Out of descriptors or memory: trying again at once would only burn the processor.
        accept_pause_.expires_after(accept_pause);
        accept_pause_.async_wait([this](const error_code&) { accept_next(); });
        return;
    }
    auto socket = std::exchange(accepted_, Socket(io_.get_executor()));
    context_.gauges.accepted.fetch_add(1, std::memory_order_relaxed);
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(Tcp::no_delay(true), ignored);
    if (context_.gauges.connections.load(std::memory_order_relaxed) >=
        static_cast<std::int64_t>(context_.options.connections_max)) {
        context_.gauges.turned_away.fetch_add(1, std::memory_order_relaxed);
        socket.write_some(asio::buffer(busy_answer), ignored);
        socket.shutdown(Socket::shutdown_send, ignored);
    } else if (const auto peer = socket.remote_endpoint(ignored); !ignored) {
        std::make_shared<HttpSession>(*this, std::move(socket), peer.address().to_string())->start();
    }
    accept_next();
}

void IoThread::add(HttpSession& session) {
    session.place = sessions_.size();
    sessions_.push_back(&session);
    context_.gauges.connections.fetch_add(1, std::memory_order_relaxed);
}

void IoThread::remove(HttpSession& session) {
    sessions_.back()->place = session.place;
    sessions_[session.place] = sessions_.back();
    sessions_.pop_back();
    context_.gauges.connections.fetch_sub(1, std::memory_order_relaxed);
    when_empty();
}

void IoThread::call(Call call, CallDone done) {
    calls_.push_back(std::make_unique<RunningCall>(*this, std::move(call), std::move(done)));
    calls_.back()->start();
}

void IoThread::end_call(RunningCall& call) {
    const auto found = std::ranges::find(calls_, &call, [](const auto& each) { return each.get(); });
    ensure(found != calls_.end(), "a call ends once");
    const auto ended = std::exchange(*found, std::move(calls_.back()));
    calls_.pop_back();
    ended->finish();
    when_empty();
}

void IoThread::start_sweep() {
    if (closing_) return;
    sweep_timer_.expires_after(std::chrono::milliseconds(context_.options.sweep_ms));
    sweep_timer_.async_wait([this](const error_code& error) {
        if (error) return;
        sweep();
        start_sweep();
    });
}

void IoThread::sweep() {
    const auto now = context_.services.clock.mono_ns();
    for (auto* session : sessions_) session->check_time(now);
}

void IoThread::sweep_soon() {
    asio::post(io_, [this] { sweep(); });
}

void IoThread::stop_accepting(std::function<void()> drained) {
    asio::post(io_, [this, drained = std::move(drained)] {
        error_code ignored;
        if (acceptor_) acceptor_->close(ignored);
        acceptor_.reset();
        accept_pause_.cancel();
        drained_ = drained;
        for (auto* session : sessions_) session->drain();
        when_empty();
    });
}

void IoThread::when_empty() {
    if (!sessions_.empty() || !calls_.empty()) return;
    if (drained_) std::exchange(drained_, nullptr)();
    // Others may have timers on this loop; when the last connection is gone, nobody needs them any more.
    if (closing_) io_.stop();
}

void IoThread::close_all() {
    asio::post(io_, [this] {
        closing_ = true;
        error_code ignored;
        if (acceptor_) acceptor_->close(ignored);
        acceptor_.reset();
        accept_pause_.cancel();
        sweep_timer_.cancel();
        for (auto* session : sessions_) session->close_now();
        when_empty();
    });
}

void IoThread::submit(engine::Request& request) {
    gathered_.push_back(&request);
    if (std::exchange(flush_posted_, true)) return;
    // Runs after everything that is ready in this turn of the loop has added its command.
    asio::post(io_, [this] { flush(); });
}

void IoThread::flush() {
    flush_posted_ = false;
    auto requests = std::exchange(gathered_, std::vector<engine::Request*>());
    const auto taken = context_.services.engine.submit(requests);
    const auto failure = context_.services.engine.draining() ? engine::Failure::draining : engine::Failure::busy;
    for (std::size_t i = taken; i < requests.size(); ++i) {
        requests[i]->answer.value = failure;
        requests[i]->next = nullptr;
        if (requests[i]->sink == this) {
            deliver(requests[i]);
        } else {
            touched(requests[i]);
        }
    }
    // The memory of the list is used again.
    requests.clear();
    if (gathered_.empty()) gathered_ = std::move(requests);
}

void IoThread::complete(engine::Request* first) {
    asio::post(io_, [this, first] { deliver(first); });
}

// Every request whose sink this is lives in the exchange of a connection or of a call.
void IoThread::deliver(engine::Request* first) {
    while (first != nullptr) {
        auto* const exchange = static_cast<LiveExchange*>(first);
        first = first->next;
        exchange->completed();
    }
}

void IoThread::TouchSink::complete(engine::Request* first) {
    asio::post(thread_.io_, [this, first] { thread_.touched(first); });
}

void IoThread::touch(const engine::Identity& identity) {
    if (touches_.size() >= touches_max) return;
    auto request = std::make_unique<TouchRequest>();
    domain::TouchSession command;
    command.token_hash = identity.token_hash;
    request->command = command;
    request->actor = identity.account;
    request->role = identity.role;
    request->sink = &touch_sink_;
    touches_.push_back(std::move(request));
    submit(*touches_.back());
}

void IoThread::touched(engine::Request* first) {
    while (first != nullptr) {
        auto* const request = first;
        first = first->next;
        std::erase_if(touches_, [request](const auto& touch) { return touch.get() == request; });
    }
}

}  // namespace onhand::http
