#pragma once
// What the parts of the HTTP server share: made once by HttpServer, constant while it runs (the members are themselves
// thread-safe or read only). Internal to this folder; handlers of resources see Services only.

#include <functional>
#include <span>

#include "transport/http/exchange.hpp"
#include "transport/http/login_limiter.hpp"
#include "transport/http/metrics.hpp"
#include "transport/http/options.hpp"
#include "transport/http/router.hpp"
#include "transport/http/static_files.hpp"
#include "transport/http/wait_limit.hpp"
#include "transport/http/work_pool.hpp"

namespace onhand::socketio {
class Server;
}

namespace onhand::http {

// The row numbers that RequestCounters uses beside those of the route table.
struct ExtraRows {
    static constexpr std::size_t page = 0;     // files of the page
    static constexpr std::size_t polling = 1;  // Socket.IO by polling
    static constexpr std::size_t none = 2;     // no route: 404, 405, malformed
    static constexpr std::size_t count = 3;
};

struct ServerContext {
    ServerContext(const Options& server_options, const Services& server_services, std::span<const Route> rows,
                  StaticFiles page)
        : options(server_options),
          services(server_services),
          router(rows),
          files(std::move(page)),
          read_pool("reads", server_options.read_threads, server_options.read_queue_max, WorkPool::Urgency::low),
          hash_pool("hashes", 1, server_options.hash_queue_max, WorkPool::Urgency::low) {}

    const Options options;
    const Services services;
    const Router router;
    const StaticFiles files;
    LoginLimiter limiter;
    WaitLimit wait_limit;
    ServerGauges gauges;
    std::vector<const RequestCounters*> counters;  // one per io thread; filled before the first request
    socketio::Server* live = nullptr;              // set before the start; nullptr = /socket.io/ is 404
    std::atomic<bool> draining{false};
    WorkPool read_pool;
    WorkPool hash_pool;
};

}  // namespace onhand::http
