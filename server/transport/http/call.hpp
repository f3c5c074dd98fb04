#pragma once
// A request to a route of the API that did not come by HTTP, such as `order.place` of the live feed: what it says, and
// its answer. It passes the same gate, handler, engine and rendering as every other request, so that there is one way
// to place an order. Given to HttpServer::call() on an io thread. Plain values.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/account_book.hpp"
#include "transport/http/problem.hpp"

namespace onhand::http {

struct Call {
    std::string_view method;  // must outlive the call, like `path`: in practice literals
    std::string_view path;
    std::string body;                            // JSON
    std::optional<std::string> idempotency_key;  // nullopt = none was sent
    // Who asks: from a session that is live now. nullptr = nobody, which is refused like a request without a token.
    std::shared_ptr<const engine::Identity> caller;
    std::string client_address;      // of the peer, as text without the port
    std::optional<Problem> refused;  // set when no request can be made of it: it is only put into words then
};

struct CallAnswer {
    std::int32_t status = 500;
    std::string body;              // JSON; a problem from status 400 on
    std::int32_t retry_after = 0;  // seconds; 0 = nothing is said
};

// Called once, on the io thread of the call, never from inside HttpServer::call().
using CallDone = std::function<void(CallAnswer answer)>;

}  // namespace onhand::http
