#include "transport/socketio/ws_connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "transport/socketio/server_core.hpp"

namespace onhand::socketio {
namespace {

constexpr std::chrono::seconds close_timeout{2};
// Reads of one connection before others get their turn.
constexpr int reads_per_turn_max = 8;
constexpr std::size_t frames_per_write_max = 64;
// A queue that grew so long within one turn is written at once, so that back-pressure shows.
constexpr std::size_t eager_write_bytes = 65536;

}  // namespace

WsConnection::WsConnection(Shard& shard, TcpSocket socket)
    : shard_(&shard), socket_(std::move(socket)), decoder_(shard.core().options.max_payload) {
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    shard_->add_websocket(*this);
}

WsConnection::~WsConnection() {
    if (shard_ == nullptr) return;
    shard_->forget_flush(flush_slot_);
    shard_->remove_websocket(*this);
}

void WsConnection::abandon() {
    owner_ = nullptr;
    shard_ = nullptr;
    state_ = State::closed;
}

void WsConnection::start(Owner& owner, std::string answer) {
    owner_ = &owner;
    queue_.push(Frame::raw(std::move(answer)));
    if (corks_ == 0) flush();
    wait_readable();
}

void WsConnection::feed(std::string bytes) {
    const auto self = shared_from_this();
    if (!bytes.empty() && state_ != State::closed) consume(bytes);
}

void WsConnection::refuse(std::string answer) {
    queue_.push(Frame::raw(std::move(answer)));
    peer_closed_ = true;  // an HTTP client sends no close frame
    state_ = State::closing;
    shard_->schedule(*this, Clock::now() + close_timeout);
    wait_readable();
    flush();
}

void WsConnection::wait_readable() {
    socket_.async_wait(TcpSocket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        if (self->state_ == State::closed) return;
        if (error) {
            self->lost(CloseReason::transport_error);
        } else {
            self->on_readable();
        }
    });
}

// One read into the shared scratch buffer. Returns false when reading is over for this turn.
bool WsConnection::read_once(std::size_t& received) {
    auto& buffer = shard_->read_buffer();
    const auto count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
        received = static_cast<std::size_t>(count);
        return true;
    }
    if (count == 0) {
        lost(CloseReason::transport_close);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        lost(CloseReason::transport_error);
    }
    return false;
}

void WsConnection::on_readable() {
    for (int turn = 0; turn < reads_per_turn_max; ++turn) {
        std::size_t received = 0;
        if (!read_once(received)) break;
        if (state_ != State::discarding) consume({shard_->read_buffer().data(), received});
        if (state_ == State::closed) return;
        if (received < shard_->read_buffer().size()) break;
    }
    if (state_ != State::closed) wait_readable();
}

void WsConnection::consume(std::span<char> input) {
    cork();
    WsMessage message;
    while (state_ == State::open || state_ == State::closing) {
        const auto status = decoder_.next(input, message);
        if (status == WsDecoder::Status::need_more) break;
        if (status == WsDecoder::Status::error) {
            protocol_error(decoder_.error_code());
            break;
        }
        handle(message);
    }
    uncork();
}

void WsConnection::handle(const WsMessage& message) {
    switch (message.opcode) {
        case WsOpcode::text:
        case WsOpcode::binary:
            if (owner_ != nullptr) owner_->on_ws_message(*this, message.opcode == WsOpcode::binary, message.payload);
            break;
        case WsOpcode::ping:
            // Only a client that reads gets pongs, or a flood of pings would fill the outbox.
            if (state_ == State::open && !blocked())
                send(Frame::raw(encode_ws_control(WsOpcode::pong, message.payload)));
            break;
        case WsOpcode::close:
            handle_close(message);
            break;
        case WsOpcode::pong:
        case WsOpcode::continuation:
            break;
    }
}

void WsConnection::handle_close(const WsMessage& message) {
    peer_closed_ = true;
    if (state_ != State::open) return;
    begin_closing(encode_ws_close(static_cast<WsCloseCode>(message.close_code)));
    tell_closed(CloseReason::transport_close);
}

void WsConnection::protocol_error(WsCloseCode code) {
    peer_closed_ = true;  // what follows cannot be understood
    if (state_ != State::open) {
        flush();
        return;
    }
    begin_closing(encode_ws_close(code));
    tell_closed(CloseReason::transport_error);
}

void WsConnection::lost(CloseReason reason) {
    finish();
    tell_closed(reason);
}

void WsConnection::tell_closed(CloseReason reason) {
    if (auto* owner = std::exchange(owner_, nullptr)) owner->on_ws_closed(*this, reason);
}

void WsConnection::close(WsCloseCode code) {
    owner_ = nullptr;
    if (state_ == State::open) begin_closing(encode_ws_close(code));
}

void WsConnection::begin_closing(std::string close_frame) {
    state_ = State::closing;
    queue_.push(Frame::raw(std::move(close_frame)));
    shard_->schedule(*this, Clock::now() + close_timeout);
    if (corks_ == 0) flush();
}

void WsConnection::on_deadline(TimePoint) {
    const auto self = shared_from_this();
    finish();
}

void WsConnection::finish() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    queue_.clear();
    boost::system::error_code ignored;
    socket_.close(ignored);
    shard_->forget_flush(std::exchange(flush_slot_, Shard::no_slot));
    std::exchange(shard_, nullptr)->remove_websocket(*this);
}

void WsConnection::send(const Frame& frame) {
    if (state_ != State::open) return;
    queue_.push(frame);
    if (waiting_to_write_) return;
    if (queue_.bytes() >= eager_write_bytes) return flush();
    if (corks_ == 0 && flush_slot_ == Shard::no_slot) flush_slot_ = shard_->flush_later(*this);
}

void WsConnection::flush_queued() {
    flush_slot_ = Shard::no_slot;
    if (corks_ == 0 && state_ != State::closed) flush();
}

void WsConnection::on_front_sent(int result) {
    if (result > 0) {
        consume_written(static_cast<std::size_t>(result));
    } else if (result == -EIO) {
        // It is not known what was sent, so nothing may follow; the pending read sees the end.
        queue_.clear();
        front_written_ = 0;
        ::shutdown(socket_.native_handle(), SHUT_RDWR);
    }
    // What could not be sent now is tried, and waited for, the ordinary way.
    flush_queued();
}

void WsConnection::uncork() {
    --corks_;
    if (corks_ == 0 && state_ != State::closed) flush();
}

void WsConnection::flush() {
    if (waiting_to_write_) return;
    if (!write_queue()) {
        wait_writable();
        return;
    }
    after_flush();
}

// Writes until the queue is empty (true) or the network takes no more (false).
bool WsConnection::write_queue() {
    while (!queue_.empty()) {
        const auto written = write_front();
        if (written < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return false;
            // A broken connection shows itself to the pending read as well; the end is dealt with there.
            queue_.clear();
            front_written_ = 0;
            return true;
        }
        consume_written(static_cast<std::size_t>(written));
    }
    return true;
}

// One system call for as many frames as it takes. Returns what the call returned.
ssize_t WsConnection::write_front() {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (queue_.count() == 1) {
        const auto bytes = queue_.at(0).websocket_bytes().substr(front_written_);
        return ::send(socket_.native_handle(), bytes.data(), bytes.size(), flags);
    }
    std::array<iovec, frames_per_write_max> parts;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
    const auto count = std::min(queue_.count(), parts.size());
    for (std::size_t i = 0; i < count; ++i) {
        auto bytes = queue_.at(i).websocket_bytes();
        if (i == 0) bytes.remove_prefix(front_written_);
        parts[i].iov_base = const_cast<char*>(bytes.data());
        parts[i].iov_len = bytes.size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return ::sendmsg(socket_.native_handle(), &message, flags);
}

void WsConnection::consume_written(std::size_t written) {
    front_written_ += written;
    while (!queue_.empty() && front_written_ >= queue_.at(0).size()) {
        front_written_ -= queue_.at(0).size();
        queue_.pop();
    }
}

void WsConnection::wait_writable() {
    waiting_to_write_ = true;
    socket_.async_wait(TcpSocket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        if (self->state_ == State::closed) return;
        self->waiting_to_write_ = false;
        if (error) return;
        self->flush();
        if (self->queue_.empty() && self->owner_ != nullptr) self->owner_->on_ws_drained(*self);
    });
}

// Goes on with the close handshake when everything is written.
void WsConnection::after_flush() {
    if (state_ == State::closing && peer_closed_) {
        state_ = State::discarding;
        ::shutdown(socket_.native_handle(), SHUT_WR);
    }
}

}  // namespace onhand::socketio
