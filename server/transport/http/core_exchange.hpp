#pragma once
// The exchange as the handlers of this folder's own resources (accounts, system) see it: besides what every handler may
// do, work on the hashing pool and commands whose outcome comes back to code instead of being rendered. Every Exchange
// that the HTTP server hands to a handler is one of these.

#include <functional>
#include <string_view>

#include "transport/http/exchange.hpp"
#include "transport/http/server_context.hpp"

namespace onhand::http {

class CoreExchange : public Exchange {
  public:
    using Then = std::function<void(CoreExchange&)>;
    using OutcomeThen = std::function<void(CoreExchange&, const domain::Outcome&)>;

    virtual ServerContext& context() = 0;
    // The peer's address as text, without the port.
    virtual std::string_view client_address() const = 0;

    // Runs `work` on the hashing pool, then `then` on the io thread, which ends as a handler does. When the pool's
    // queue is full the request is answered busy.
    virtual void hash(std::function<void()> work, Then then) = 0;

    // Gives a command to the engine without an idempotency key; `then` gets its outcome on the io thread and ends as a
    // handler does. Failures become 503 problems by themselves. `actor` is nobody on open routes.
    virtual void submit_then(domain::Command command, OutcomeThen then) = 0;
};

inline CoreExchange& core(Exchange& exchange) {
    return static_cast<CoreExchange&>(exchange);
}

}  // namespace onhand::http
