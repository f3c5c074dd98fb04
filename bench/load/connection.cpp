#include "load/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <utility>

namespace onhand::bench {

namespace asio = boost::asio;
using boost::system::error_code;

Connection::Connection(Executor executor, ConnectionOwner& owner) : socket_(executor), owner_(owner) {}

void Connection::connect(const Endpoint& endpoint) {
    socket_.async_connect(endpoint, [this](error_code error) {
        if (error) return fail("cannot connect: " + error.message());
        socket_.set_option(asio::ip::tcp::no_delay(true), error);
        if (!error) socket_.non_blocking(true, error);
        if (error) return fail("cannot set up the socket: " + error.message());
        open_ = true;
        read();
        owner_.connected(*this);
    });
}

// Writes at once what the socket takes; a request is far smaller than its buffer, so waiting is the exception.
void Connection::flush() {
    if (!open_ || write_waits_) return;
    while (written_ < out_.size()) {
        error_code error;
        written_ += socket_.write_some(asio::buffer(out_.data() + written_, out_.size() - written_), error);
        if (error == asio::error::would_block || error == asio::error::try_again) return wait_to_write();
        // The reader learns of a broken connection by itself, outside of the owner's call.
        if (error) break;
    }
    out_.clear();
    written_ = 0;
}

void Connection::wait_to_write() {
    write_waits_ = true;
    socket_.async_wait(asio::socket_base::wait_write, [this](error_code error) {
        write_waits_ = false;
        if (!error) flush();
    });
}

void Connection::read() {
    const auto room = reader_.room();
    socket_.async_read_some(asio::buffer(room.data(), room.size()), [this](error_code error, std::size_t count) {
        if (!open_) return;
        if (error) {
            const bool ended = error == asio::error::eof && in_flight_.empty() && reader_.is_empty();
            return fail(ended ? "the server closed an idle connection" : "connection lost: " + error.message());
        }
        reader_.received(count);
        take_answers();
        if (open_) read();
    });
}

void Connection::take_answers() {
    Response response;
    auto progress = reader_.next(response);
    for (; progress == ResponseReader::Progress::complete; progress = reader_.next(response)) {
        if (in_flight_.empty()) return fail("an answer that nobody asked for");
        const auto sent = in_flight_.front();
        in_flight_.pop_front();
        owner_.answered(*this, sent, response);
        if (!open_) return;
        if (!response.keep_alive) return fail("the server closes the connection");
    }
    if (progress == ResponseReader::Progress::broken) return fail("an answer that cannot be read");
    owner_.answers_end(*this);
}

void Connection::close() {
    open_ = false;
    error_code ignored;
    socket_.close(ignored);
}

void Connection::fail(const std::string& reason) {
    close();
    owner_.closed(*this, reason);
}

}  // namespace onhand::bench
