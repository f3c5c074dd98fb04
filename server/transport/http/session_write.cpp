// The writing half of HttpSession: what is gathered goes out in one call when the network takes it, else piece by piece
// with a time-out; streamed answers; the last bytes of a connection.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <charconv>

#include "transport/http/session.hpp"

namespace onhand::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t out_bytes_kept = 16 * 1024;  // capacity that a connection keeps between answers
constexpr asio::use_awaitable_t<IoThread::Executor> token;

// What is left of two strings after `done` bytes of them.
std::array<asio::const_buffer, 2> rest_of(std::string_view first, std::string_view second, std::size_t done) {
    const auto of_first = std::min(done, first.size());
    const auto of_second = done - of_first;
    std::array<asio::const_buffer, 2> rest;
    rest[0] = asio::const_buffer(first.data() + of_first, first.size() - of_first);
    rest[1] = asio::const_buffer(second.data() + of_second, second.size() - of_second);
    return rest;
}

bool would_block(const error_code& error) {
    return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

// Tries to write everything without waiting. True when nothing is left, also when there was nothing. On errors the
// connection is marked closed and write_rest() reports it.
bool HttpSession::write_now() {
    const auto total = out_.size() + out_tail_.size();
    while (!closed_ && written_ < total) {
        error_code error;
        if (out_tail_.empty()) {
            // One piece goes by send(), which costs less than sendmsg() with a list of one.
            written_ += socket_.write_some(asio::buffer(out_.data() + written_, out_.size() - written_), error);
        } else {
            const auto rest = rest_of(out_, out_tail_, written_);
            written_ += socket_.write_some(rest, error);
        }
        if (would_block(error)) return false;
        if (error) close_now();
    }
    if (closed_) return false;
    out_.clear();
    if (out_.capacity() > out_bytes_kept) out_.shrink_to_fit();
    out_tail_ = std::string_view();
    written_ = 0;
    return true;
}

// Waits until everything is written. False when the connection broke or the client stopped reading.
HttpSession::AwaitableBool HttpSession::write_rest() {
    while (!write_now()) {
        if (closed_) co_return false;
        expect_by(Wait::write, context_.options.write_stall_ms);
        error_code error;
        co_await socket_.async_wait(IoThread::Socket::wait_write, asio::redirect_error(token, error));
        wait_ = Wait::nothing;
        if (error) close_now();
    }
    co_return true;
}

// Writes a streamed answer piece by piece: in chunks, or to the end of the connection for HTTP/1.0.
HttpSession::AwaitableBool HttpSession::write_stream() {
    if (!head_.http11) keep_ = false;
    append_answer(std::string_view(), std::nullopt);
    count(exchange_.answer_parts().status);
    auto kind = exchange_.admission().head_only ? Piece::end : Piece::more;
    const bool chunked = head_.http11 && !exchange_.admission().head_only;
    while (kind == Piece::more) {
        const bool sent = write_now() || co_await write_rest();
        if (!sent) co_return false;
        exchange_.fetch_piece();
        while (exchange_.state() == LiveExchange::State::waiting) co_await wait_for_answer();
        kind = exchange_.piece_kind();
        const auto& piece = exchange_.piece();
        if (kind == Piece::broken) {
            close_now();
            co_return false;
        }
        if (piece.empty()) continue;
        if (chunked) {
            std::array<char, 20> size{};
            const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
            out_.append(size.data(), end).append("\r\n");
        }
        out_ += piece;
        if (chunked) out_ += "\r\n";
    }
    if (chunked) out_ += "0\r\n\r\n";
    co_return true;
}

// After the last answer: says that nothing more comes, and reads on for a while, because closing with unread bytes
// would make the network throw the answer away.
HttpSession::Awaitable HttpSession::linger() {
    const bool sent = write_now() || co_await write_rest();
    if (!sent) co_return;
    error_code error;
    socket_.shutdown(IoThread::Socket::shutdown_send, error);
    if (error) co_return;
    expect_by(Wait::linger, context_.options.linger_ms);
    buffer_.resize(std::max<std::size_t>(buffer_.size(), 1024));
    while (!error) {
        const auto room = asio::buffer(buffer_.data(), buffer_.size());
        co_await socket_.async_read_some(room, asio::redirect_error(token, error));
    }
    wait_ = Wait::nothing;
}

}  // namespace onhand::http
