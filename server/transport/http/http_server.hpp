#pragma once
// The HTTP server as app/wiring sees it: makes the io threads, the pools and the table of routes, listens, and stops in
// the right order. Everything else in this folder is behind it. One owner thread; the functions marked "any thread"
// may be called from others.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "transport/http/call.hpp"
#include "transport/http/exchange.hpp"
#include "transport/http/options.hpp"
#include "transport/http/routes.hpp"
#include "transport/http/static_files.hpp"

namespace boost::asio {
class io_context;
}
namespace onhand::socketio {
class Server;
}

namespace onhand::http {

// Why the server cannot listen; one clear line for who starts it.
struct ListenError {
    std::string detail;
};

class HttpServer {
  public:
    // What `services` refers to must outlive the server. `page` may be empty.
    HttpServer(const Options& options, const Services& services, StaticFiles page,
               std::span<const Route> rows = routes());
    // Stops at once when stop() was not called.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // The event loops, one per io thread, for making the Socket.IO server. They run from start() to stop().
    std::vector<boost::asio::io_context*> io_contexts();
    // Hands requests under the Socket.IO path to `live`, which must outlive the running threads. Before start().
    void set_live(socketio::Server& live);

    // Binds, listens and starts the threads. Fails when the address is in use or not ours.
    Result<void, ListenError> start();
    // The port that is listened on; after start().
    std::uint16_t port() const;

    // On io thread `io_index` only, after start(): serves a request that did not come by HTTP like one that did. Once
    // drain() was called it is answered 503.
    void call(std::size_t io_index, Call call, CallDone done);

    // Any thread, once: readiness says 503, nothing new is accepted, idle connections close, requests in hand are
    // finished and their connections closed. `drained` is called on an io thread when none is left. Connections
    // handed to the Socket.IO server are its own to end.
    void drain(std::function<void()> drained);

    // Ends the threads: closes what is still open. A request that is with the engine is waited for, so the engine must
    // run or have been stopped (it then has answered all). Idempotent.
    void stop();

    // Any thread: looks at all time-outs now instead of with the next tick; for tests that move the clock by hand.
    void sweep_soon();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace onhand::http
