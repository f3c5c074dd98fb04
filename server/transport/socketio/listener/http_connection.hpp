// One HTTP/1.1 connection in front of the library: request after request until it closes or becomes a WebSocket. What
// any HTTP server has to do for the library is here: hand polling requests over, watch the connection while a GET is
// held, and give the socket away when a WebSocket is asked for. Internal to the listener; lives on one io thread.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/socketio/server.hpp"

namespace onhand::socketio {

// Bytes of a request's head.
constexpr std::size_t head_bytes_max = 16384;

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
  public:
    HttpConnection(Server& server, unsigned io_index, TcpSocket socket);

    void start() { read_head(); }

    // Ends the connection when nothing has moved since `deadline`, except while an answer is awaited: the session's
    // own heartbeat bounds that.
    void close_if_idle_since(TimePoint deadline);

  private:
    RequestView view();
    void read_head();
    void on_head();
    void read_body();
    void watch(TcpSocket::wait_type wait = TcpSocket::wait_read);
    void write(HttpReply reply);
    void linger();

    Server& server_;
    unsigned io_index_;
    TcpSocket socket_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    std::unique_ptr<PollingExchange> exchange_;
    std::vector<std::string> texts_;  // what the request's view refers to
    std::string remote_address_;
    std::string content_type_;
    std::string answer_;
    std::vector<char> rest_;
    TimePoint active_at_ = Clock::now();
    unsigned request_number_ = 0;
    bool keep_alive_ = true;
    bool awaiting_answer_ = false;
};

}  // namespace onhand::socketio
