#pragma once
// One keep-alive connection of the load generator: sends ready requests, reads answers in order, and tells its owner
// which answer belongs to which request. Callbacks on a bare socket, no coroutine and no timer, so that the tool costs
// as little as it can beside the server it measures. Owned by LoadRun, on its one thread. It does not connect again.

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "load/response_reader.hpp"

namespace onhand::bench {

using TimePoint = std::chrono::steady_clock::time_point;

// A request on its way.
struct Sent {
    TimePoint start;          // from when its latency counts
    std::uint64_t units = 0;  // that its order asks for
    TimePoint written;        // when it was given to the network; open loop: later than `start` when none was free
};

class Connection;

// What a connection tells its owner. Never called from within a call of the owner.
class ConnectionOwner {
  public:
    virtual void connected(Connection& connection) = 0;
    virtual void answered(Connection& connection, const Sent& sent, const Response& response) = 0;
    // All answers that had arrived were told; now is the time to send more.
    virtual void answers_end(Connection& connection) = 0;
    // The connection is of no more use; in_flight() requests have no answer.
    virtual void closed(Connection& connection, const std::string& reason) = 0;

  protected:
    ~ConnectionOwner() = default;
};

class Connection {
  public:
    using Executor = boost::asio::io_context::executor_type;
    using Endpoint = boost::asio::ip::tcp::endpoint;

    Connection(Executor executor, ConnectionOwner& owner);

    // Ends in connected() or closed().
    void connect(const Endpoint& endpoint);

    // Where the bytes of the next requests are appended; each is announced by add(), and flush() sends them all.
    std::string& out() { return out_; }
    void add(const Sent& sent) { in_flight_.push_back(sent); }
    void flush();

    std::size_t in_flight() const { return in_flight_.size(); }
    bool is_open() const { return open_; }
    // Closes without telling the owner. Pending callbacks of the socket end quietly.
    void close();

  private:
    void read();
    void take_answers();
    void wait_to_write();
    void fail(const std::string& reason);

    boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor> socket_;
    ConnectionOwner& owner_;
    ResponseReader reader_;
    std::string out_;
    std::size_t written_ = 0;   // of out_
    bool write_waits_ = false;  // the socket was full
    bool open_ = false;
    std::deque<Sent> in_flight_;  // oldest first
};

}  // namespace onhand::bench
