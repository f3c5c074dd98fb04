#pragma once
// One connection: reads requests from its socket, one after the other, lets the gate and the handler answer, and
// writes the answers in order. A coroutine on its io thread; it owns the socket, its buffers, the parsed request and
// the exchange, and uses them again for every request. Frames, time-outs and hand-over to Socket.IO are here; what a
// request means is not.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http/io_thread.hpp"
#include "transport/http/live_exchange.hpp"
#include "transport/http/request_head.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::http {

class HttpSession final : public ExchangeOwner, public std::enable_shared_from_this<HttpSession> {
  public:
    HttpSession(IoThread& thread, IoThread::Socket socket, std::string client_address);
    ~HttpSession() override;

    // Begins to read. The connection lives until its coroutine ends.
    void start();

    // Ends the wait that is over its time. Called by the sweep.
    void check_time(MonoNanos now);
    // No further request: closes at once when idle, else after the request in hand.
    void drain();
    // Closes the socket now. A request that is with the engine still comes back before the connection ends.
    void close_now();

    // ExchangeOwner.
    void submit(engine::Request& request) override { thread_.submit(request); }
    void post(std::function<void()> task) override;
    void resume() override;

    // Position in the list of its thread; only the thread uses it.
    std::size_t place = 0;
    LiveExchange& exchange() { return exchange_; }

  private:
    using Token = boost::asio::use_awaitable_t<IoThread::Executor>;
    using Awaitable = boost::asio::awaitable<void, IoThread::Executor>;
    using AwaitableBool = boost::asio::awaitable<bool, IoThread::Executor>;
    using ResumeHandler = boost::asio::async_result<Token, void()>::handler_type;
    enum class Wait { nothing, idle, head, body, write, linger };
    // What comes after the head of a request was read.
    enum class Next { handle, handled, refused, drop_body, live, look_up, broken };

    Awaitable run(std::shared_ptr<HttpSession> self);
    AwaitableBool serve(Next next);
    AwaitableBool read_more();
    bool answer_at_once(Next& next);
    bool take_body();
    AwaitableBool read_body();
    AwaitableBool wait_for_handler();
    AwaitableBool write_rest();
    AwaitableBool write_stream();
    AwaitableBool serve_polling();
    Awaitable wait_for_answer();
    Awaitable linger();

    HeadProgress look_for_head();
    void refuse_head();
    Next begin_request();
    bool may_be_known_elsewhere();
    void look_up_session();
    bool wants_live() const;
    void finish_answer();
    void append_answer(std::string_view body, std::optional<std::uint64_t> length);
    void append_file();
    void append_timeout();
    void answer_polling(const socketio::HttpReply& reply);
    void hand_to_websocket();
    socketio::RequestView live_request() const;
    void watch_peer();
    void count(std::int32_t status);
    bool write_now();
    void expect_by(Wait wait, std::int64_t ms);
    void make_room();
    void consume();
    std::string_view unread() const;

    IoThread& thread_;
    ServerContext& context_;
    IoThread::Socket socket_;
    LiveExchange exchange_;
    IdentityCache identities_;
    RequestHead head_;
    HeadRefusal head_refusal_;
    std::size_t head_length_ = 0;

    // Bytes received and not yet consumed are buffer_[begin_ .. end_).
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string body_;  // of a request that does not fit the buffer
    std::string_view body_view_;
    std::string out_;            // heads and small bodies on their way out
    std::string_view out_tail_;  // a large body after out_, owned by the exchange or the page
    std::size_t written_ = 0;    // of out_ and out_tail_ together

    Wait wait_ = Wait::nothing;
    MonoNanos deadline_ = 0;
    MonoNanos started_ = 0;
    bool timed_out_ = false;
    bool keep_ = true;  // the connection may be used again
    bool draining_ = false;
    bool closed_ = false;

    std::optional<ResumeHandler> waiting_;
    bool resumed_early_ = false;
    bool looking_up_ = false;  // the database is asked for the session behind the token
    bool looked_up_ = false;   // it was, for this request
    std::optional<socketio::HttpReply> polling_reply_;
    bool holding_ = false;   // a polling GET waits for its answer
    bool watching_ = false;  // and the socket is watched meanwhile
    bool peer_gone_ = false;
};

}  // namespace onhand::http
