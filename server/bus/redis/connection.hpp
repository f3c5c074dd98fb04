#pragma once
// One connection to one Redis server. Every call has a deadline that holds whatever the server does (hiredis's own
// time-outs are per read, so that a trickle of bytes would get past them): the socket is ours and does not block,
// hiredis parses what comes. Used by the lanes and counters with deadlines, and by the pub/sub threads from a poll
// loop; one thread at a time. It does not connect again by itself, and has no TLS.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bus/redis/address.hpp"
#include "bus/redis/reply.hpp"

namespace onhand::bus::redis {

using SteadyTime = std::chrono::steady_clock::time_point;

// How a connection makes itself known.
struct Login {
    std::string user;
    std::string password;
    int database = 0;
};

// Of one exchange that somebody waits for: a lane, or a request.
inline constexpr std::chrono::milliseconds call_time_max{50};

// What a server may make us keep: an answer that is longer ends the connection.
inline constexpr std::size_t reply_bytes_max = 64U * 1024 * 1024;
inline constexpr std::size_t reply_elements_max = 1'000'000;

class Connection {
  public:
    Connection();
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Connects, authenticates and selects the database; closes what was open before. False when it is not ready by the
    // deadline, or was refused: error() says why.
    bool open(const Address& address, const Login& login, SteadyTime deadline);
    void close();
    bool is_open() const { return socket_ >= 0; }
    // Why it is closed: one sentence without a dot and without any secret.
    const std::string& error() const { return error_; }

    // Collects one command; it is sent by flush() or write_some(). Needs is_open().
    void append(std::span<const std::string_view> arguments);
    // Sends what was collected. False: the connection is closed.
    bool flush(SteadyTime deadline);
    // The next answer. Nothing: the connection is closed.
    Reply read(SteadyTime deadline);
    // One command and its answer.
    Reply call(std::span<const std::string_view> arguments, SteadyTime deadline);

    // For a poll loop; they never wait. False: the connection is closed.
    bool write_some();
    bool read_some();
    // An answer that has come whole, or none. May close the connection, when what came is no answer.
    Reply take();
    int descriptor() const { return socket_; }
    std::size_t unwritten_bytes() const { return out_.size() - written_; }
    // Since it was made; only rises.
    std::uint64_t bytes_read() const { return bytes_read_; }

  private:
    struct Reader;  // hiredis, which only connection.cpp knows

    bool connect(const Address& address, SteadyTime deadline);
    bool introduce(const Login& login, SteadyTime deadline);
    bool wait_for(short events, SteadyTime deadline);
    bool fail(std::string why);

    int socket_ = -1;
    std::unique_ptr<Reader> reader_;
    std::string out_;
    std::size_t written_ = 0;
    std::uint64_t bytes_read_ = 0;
    std::string error_;
};

// Milliseconds from now to `deadline` as poll() wants them: rounded up, 0 when it has passed.
int poll_ms_until(SteadyTime deadline);

}  // namespace onhand::bus::redis
