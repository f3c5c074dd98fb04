#include "transport/http/session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <charconv>
#include <cstring>
#include <exception>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"

namespace onhand::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t buffer_bytes_first = 2048;     // of a new connection
constexpr std::size_t buffer_bytes_max = 16 * 1024;  // holds a head of the largest size and a small body
constexpr std::size_t body_bytes_first = 64 * 1024;  // room for a body that does not fit the buffer; then doubled
constexpr std::size_t out_bytes_flush = 64 * 1024;   // answers to pipelined requests are gathered up to this
constexpr std::size_t copy_body_max = 16 * 1024;     // larger bodies are written from where they are
constexpr std::int64_t body_bytes_per_ms = 32;       // slower uploads than 32 KB/s are cut off
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr asio::use_awaitable_t<IoThread::Executor> token;

}  // namespace

HttpSession::HttpSession(IoThread& thread, IoThread::Socket socket, std::string client_address)
    : thread_(thread),
      context_(thread.context()),
      socket_(std::move(socket)),
      exchange_(context_, *this, std::move(client_address)) {
    exchange_.sink = &thread_;
    thread_.add(*this);
}

HttpSession::~HttpSession() {
    thread_.remove(*this);
}

void HttpSession::start() {
    const auto ended = [](std::exception_ptr fault) {
        if (!fault) return;
        try {
            std::rethrow_exception(fault);
        } catch (const std::exception& error) {
            log::error("http", std::string("a connection ended with an exception: ") + error.what());
        }
    };
    asio::co_spawn(socket_.get_executor(), run(shared_from_this()), ended);
}

// `self` keeps the connection alive for as long as the coroutine runs.
HttpSession::Awaitable HttpSession::run(std::shared_ptr<HttpSession> self) {
    bool polite = true;
    while (true) {
        const auto progress = look_for_head();
        if (progress == HeadProgress::more) {
            const bool flushed = write_now() || co_await write_rest();
            polite = flushed && !closed_;
            if (!polite || (draining_ && unread().empty())) break;
            const bool got = co_await read_more();
            if (got) continue;
            if (timed_out_ && wait_ == Wait::head) append_timeout();
            break;
        }
        if (progress == HeadProgress::refused) {
            refuse_head();
            break;
        }
        auto next = begin_request();
        bool again = false;
        if (answer_at_once(next)) {
            again = keep_;
        } else {
            again = co_await serve(next);
        }
        if (!again) break;
    }
    if (polite && socket_.is_open()) co_await linger();
    self->close_now();
}

// Looks at what has arrived, after the request before.
HeadProgress HttpSession::look_for_head() {
    const auto bytes = unread();
    if (bytes.empty()) return HeadProgress::more;
    return find_head(bytes, head_length_, head_refusal_);
}

// Does the usual thing without a coroutine: a small request that its handler answers, or gives to the engine, at once.
// True when it was answered.
bool HttpSession::answer_at_once(Next& next) {
    if (next != Next::handle || exchange_.admission().file != nullptr || !take_body()) return false;
    next = Next::handled;
    if (exchange_.handle(body_view_) != LiveExchange::State::answered) return false;
    if (exchange_.answer_parts().body.size() > copy_body_max || out_.size() > out_bytes_flush) return false;
    finish_answer();
    consume();
    return true;
}

// Serves the request whose head is complete. False when the connection is to be closed.
HttpSession::AwaitableBool HttpSession::serve(Next next) {
    bool good = true;
    bool file = false;
    if (next == Next::look_up) {
        look_up_session();
        while (looking_up_) co_await wait_for_answer();
        next = begin_request();
    }
    switch (next) {
        case Next::broken:
            co_return false;
        case Next::look_up:
            ensure(false, "a session is looked up once");
            co_return false;
        case Next::refused:
            break;
        case Next::drop_body:
            good = co_await read_body();
            break;
        case Next::live:
            good = co_await serve_polling();
            co_return good;
        case Next::handled:
            if (exchange_.state() == LiveExchange::State::waiting) good = co_await wait_for_handler();
            break;
        case Next::handle:
            good = co_await read_body();
            file = exchange_.admission().file != nullptr;
            if (good && !file && exchange_.handle(body_view_) == LiveExchange::State::waiting)
                good = co_await wait_for_handler();
            break;
    }
    if (!good) co_return false;
    if (file) {
        append_file();
    } else if (exchange_.state() == LiveExchange::State::streaming) {
        good = co_await write_stream();
    } else {
        finish_answer();
    }
    const bool again = good && keep_;
    consume();
    // The tail belongs to the exchange, which the next request uses again.
    if (again && (!out_tail_.empty() || out_.size() > out_bytes_flush)) {
        good = write_now() || co_await write_rest();
        co_return good;
    }
    co_return again;
}

// Sends what was answered before, then waits for the handler's answer. The exchange is with somebody else meanwhile,
// so this returns only when it is back, whatever became of the socket.
HttpSession::AwaitableBool HttpSession::wait_for_handler() {
    const bool sent = write_now() || co_await write_rest();
    while (exchange_.state() == LiveExchange::State::waiting) co_await wait_for_answer();
    co_return sent;
}

// Parses the head and asks the gate.
HttpSession::Next HttpSession::begin_request() {
    wait_ = Wait::nothing;
    started_ = context_.services.clock.mono_ns();
    const auto head_bytes = unread().substr(0, head_length_);
    if (const auto refusal = parse_head(head_bytes, head_)) {
        head_refusal_ = *refusal;
        refuse_head();
        return Next::broken;
    }
    exchange_.begin(head_, thread_.random(), thread_.random());
    keep_ = head_.keep_alive;
    if (wants_live()) return Next::live;
    auto refusal = admit(head_, context_, identities_, context_.services.clock.wall_ms(), exchange_.admission());
    if (!refusal) {
        const auto& identity = exchange_.admission().identity;
        if (identity && identities_.should_touch(context_.services.clock.wall_ms())) thread_.touch(*identity);
        return Next::handle;
    }
    if (refusal->problem.status == 401 && may_be_known_elsewhere()) return Next::look_up;
    exchange_.refuse(*refusal);
    if (head_.content_length == 0) return Next::refused;
    // A client that waits for 100 Continue may or may not send its body; large bodies are not worth reading.
    const bool drop =
        !head_.expect_continue && head_.content_length <= unread_body_max && refusal->problem.status != 413;
    if (!drop) keep_ = false;
    return drop ? Next::drop_body : Next::refused;
}

// True when the request shows a token that another instance may have given out a moment ago. Asked for once a request.
bool HttpSession::may_be_known_elsewhere() {
    if (context_.services.cluster == nullptr || std::exchange(looked_up_, true)) return false;
    return find_credential(head_.authorization, head_.cookie, context_.options).kind != Credential::Kind::none;
}

// Asks the database for the session behind the request's token; resume() comes when it is in the account book.
void HttpSession::look_up_session() {
    const auto credential = find_credential(head_.authorization, head_.cookie, context_.options);
    looking_up_ = true;
    auto job = [this, self = shared_from_this(), hash = hash_token(credential.token)]() mutable {
        context_.services.cluster->fetch_session(hash);
        // The connection must end on its own thread: its last reference may be this one.
        asio::post(socket_.get_executor(), [this, self = std::move(self)] {
            looking_up_ = false;
            resume();
        });
    };
    // With the pool's queue full the token stays unknown; the client is told to sign in or to try again.
    if (!context_.read_pool.post(std::move(job))) looking_up_ = false;
}

// A head that cannot be trusted: the answer is the last on this connection.
void HttpSession::refuse_head() {
    context_.gauges.malformed.fetch_add(1, std::memory_order_relaxed);
    head_ = RequestHead();
    started_ = context_.services.clock.mono_ns();
    exchange_.begin(head_, thread_.random(), thread_.random());
    GateRefusal refusal;
    refusal.problem = plain_problem(head_refusal_.status, head_refusal_.code, head_refusal_.detail);
    exchange_.admission().row = context_.router.rows().size() + ExtraRows::none;
    exchange_.admission().head_only = false;
    exchange_.refuse(refusal);
    keep_ = false;
    finish_answer();
}

// True when the whole body came with the head, as small ones do: a coroutine less.
bool HttpSession::take_body() {
    const auto length = static_cast<std::size_t>(head_.content_length);
    const auto body_at = begin_ + head_length_;
    if (end_ < body_at + length) return false;
    body_view_ = std::string_view(buffer_.data() + body_at, length);
    return true;
}

// Reads the whole body into body_view_: in place when it fits the buffer, else into a string of its own. When it does
// not come in time the answer is 408.
HttpSession::AwaitableBool HttpSession::read_body() {
    const auto length = static_cast<std::size_t>(head_.content_length);
    const auto body_at = begin_ + head_length_;
    body_view_ = std::string_view();
    if (length == 0) co_return true;
    const auto patience_ms = context_.options.body_ms + static_cast<std::int64_t>(length) / body_bytes_per_ms;
    if (end_ < body_at + length) {
        // Answers to earlier requests must not wait for a body that may be slow.
        if (head_.expect_continue && end_ == body_at) out_ += continue_line;
        const bool sent = write_now() || co_await write_rest();
        if (!sent) co_return false;
        expect_by(Wait::body, patience_ms);
    }
    if (body_at + length <= buffer_.size()) {
        while (end_ < body_at + length) {
            error_code error;
            const auto room = asio::buffer(buffer_.data() + end_, body_at + length - end_);
            end_ += co_await socket_.async_read_some(room, asio::redirect_error(token, error));
            if (error) break;
        }
        body_view_ = std::string_view(buffer_.data() + body_at, std::min(length, end_ - body_at));
    } else {
        body_.assign(buffer_.data() + body_at, end_ - body_at);
        auto filled = body_.size();
        while (filled < length) {
            // Memory follows what has arrived, not what was announced.
            if (filled == body_.size()) body_.resize(std::min(length, std::max(filled * 2, body_bytes_first)));
            error_code error;
            const auto room = asio::buffer(body_.data() + filled, body_.size() - filled);
            filled += co_await socket_.async_read_some(room, asio::redirect_error(token, error));
            if (error) break;
        }
        body_view_ = std::string_view(body_.data(), filled);
    }
    wait_ = Wait::nothing;
    if (body_view_.size() == length) co_return true;
    if (timed_out_) append_timeout();
    co_return false;
}

// Waits for more bytes of a head. False at the end of the stream, on errors and when the time is over.
HttpSession::AwaitableBool HttpSession::read_more() {
    make_room();
    if (unread().empty()) {
        expect_by(Wait::idle, context_.options.idle_ms);
    } else if (wait_ != Wait::head) {
        expect_by(Wait::head, context_.options.header_ms);
    }
    error_code error;
    const auto room = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
    const auto count = co_await socket_.async_read_some(room, asio::redirect_error(token, error));
    end_ += count;
    if (error) co_return false;
    co_return !closed_;
}

HttpSession::Awaitable HttpSession::wait_for_answer() {
    if (std::exchange(resumed_early_, false)) co_return;
    const auto keep_handler = [this](auto handler) { waiting_.emplace(std::move(handler)); };
    co_await asio::async_initiate<const Token, void()>(keep_handler, token);
}

void HttpSession::resume() {
    if (!waiting_) {
        resumed_early_ = true;
        return;
    }
    auto handler = std::move(*waiting_);
    waiting_.reset();
    std::move(handler)();
}

void HttpSession::post(std::function<void()> task) {
    asio::post(socket_.get_executor(), std::move(task));
}

void HttpSession::finish_answer() {
    auto& answer = exchange_.answer_parts();
    append_answer(answer.body, answer.body.size());
    count(answer.status);
}

// Adds head and body of the answer to what is to be written.
void HttpSession::append_answer(std::string_view body, std::optional<std::uint64_t> length) {
    const auto& answer = exchange_.answer_parts();
    if (draining_ || context_.draining.load(std::memory_order_relaxed)) keep_ = false;
    AnswerHead head;
    head.status = answer.status;
    head.content_type = answer.content_type;
    head.fields = answer.fields;
    head.content_length = length;
    head.chunked = !length && head_.http11;
    head.close = !keep_;
    head.keep_alive = keep_ && !head_.http11;
    head.behind_tls = context_.options.behind_tls;
    append_answer_head(out_, head, thread_.date_line());
    if (exchange_.admission().head_only) return;
    if (body.size() <= copy_body_max) {
        out_ += body;
    } else {
        out_tail_ = body;
    }
}

// Answers with a file of the page.
void HttpSession::append_file() {
    const auto& file = *exchange_.admission().file;
    const auto form = form_of(file, head_.accept_encoding);
    const bool fresh = head_.if_none_match && matches_etag(*head_.if_none_match, form.etag);
    std::string fields = "ETag: " + form.etag + "\r\nVary: Accept-Encoding\r\n";
    if (!form.encoding.empty() && !fresh) fields.append("Content-Encoding: ").append(form.encoding).append("\r\n");
    AnswerHead head;
    head.status = fresh ? 304 : 200;
    if (!fresh) head.content_type = file.content_type;
    head.fields = fields;
    head.cache_control = file.immutable ? "public, max-age=31536000, immutable" : "no-cache";
    head.content_length = form.bytes.size();
    head.close = !keep_;
    head.keep_alive = keep_ && !head_.http11;
    head.behind_tls = context_.options.behind_tls;
    append_answer_head(out_, head, thread_.date_line());
    if (!fresh && !exchange_.admission().head_only) {
        if (form.bytes.size() <= copy_body_max) {
            out_ += form.bytes;
        } else {
            out_tail_ = form.bytes;
        }
    }
    count(head.status);
}

void HttpSession::append_timeout() {
    timed_out_ = false;
    head_refusal_.status = 408;
    head_refusal_.code = "request_timeout";
    head_refusal_.detail = "The request did not arrive in time.";
    refuse_head();
}

void HttpSession::count(std::int32_t status) {
    thread_.counters().count(exchange_.admission().row, status, context_.services.clock.mono_ns() - started_);
}

std::string_view HttpSession::unread() const {
    return std::string_view(buffer_.data() + begin_, end_ - begin_);
}

// Steps over the request that was served.
void HttpSession::consume() {
    begin_ = std::min(end_, begin_ + head_length_ + static_cast<std::size_t>(head_.content_length));
    if (begin_ == end_) begin_ = end_ = 0;
    if (body_.capacity() > buffer_bytes_max) body_ = std::string();
    looked_up_ = false;
    wait_ = Wait::nothing;
}

// Moves what is unread to the front and grows the buffer when it is full. Only between requests: views into it die.
void HttpSession::make_room() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.empty()) buffer_.resize(buffer_bytes_first);
    if (end_ == buffer_.size()) buffer_.resize(std::min(buffer_.size() * 2, buffer_bytes_max));
    ensure(end_ < buffer_.size(), "a head never fills the buffer");
}

void HttpSession::expect_by(Wait wait, std::int64_t ms) {
    wait_ = wait;
    timed_out_ = false;
    deadline_ = context_.services.clock.mono_ns() + ms * 1'000'000;
}

void HttpSession::check_time(MonoNanos now) {
    if (wait_ == Wait::nothing || now < deadline_ || timed_out_) return;
    timed_out_ = true;
    context_.gauges.timed_out.fetch_add(1, std::memory_order_relaxed);
    error_code ignored;
    if (wait_ == Wait::head || wait_ == Wait::body) {
        socket_.cancel(ignored);  // the reader wakes up and answers 408
    } else {
        close_now();
    }
}

void HttpSession::drain() {
    draining_ = true;
    error_code ignored;
    // Bytes that the network has already delivered are a request that was begun before the stop.
    if (wait_ == Wait::idle && socket_.available(ignored) == 0) close_now();
}

void HttpSession::close_now() {
    closed_ = true;
    error_code ignored;
    if (socket_.is_open()) socket_.close(ignored);
}

}  // namespace onhand::http
