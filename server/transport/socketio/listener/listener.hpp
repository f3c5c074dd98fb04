// A minimal HTTP/1.1 server in front of a Socket.IO server, for programs that have no HTTP server of their own: it
// answers requests under Options::path and 404 to everything else. No TLS; put a proxy in front for that. Made and
// closed on any thread while no io thread runs, or on the first one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "transport/socketio/server.hpp"

namespace onhand::socketio {

// A connection on which nothing moves for so long is closed: a slow request, or none at all.
constexpr std::chrono::seconds http_idle_max{60};

class Listener {
  public:
    // Listens on `address` (an IP address) and `port`, 0 for any free one. `io_threads` as given to the server, which
    // must outlive this. Throws boost::system::system_error when the address cannot be had.
    Listener(Server& server, const std::vector<boost::asio::io_context*>& io_threads, const std::string& address,
             unsigned short port);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    unsigned short port() const;

  private:
    class Door;

    std::vector<std::unique_ptr<Door>> doors_;  // one for each io thread
};

}  // namespace onhand::socketio
