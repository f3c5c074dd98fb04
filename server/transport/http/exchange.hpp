#pragma once
// One HTTP request and its answer, as the handlers of the resources see it. It lives in the connection and is used
// again for the next request, so nothing is allocated for it. A handler is a plain function called on the io thread:
// it reads the request, then does exactly one of reply(), problem(), submit(), read() or stream(), and returns. No
// Beast type shows here, so that handlers compile without it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "engine/account_book.hpp"
#include "engine/cluster.hpp"
#include "engine/engine.hpp"
#include "engine/queries.hpp"
#include "engine/request.hpp"
#include "transport/http/problem.hpp"

namespace onhand::http {

class Exchange;

// What a source of streamed pieces says after each.
enum class Piece { more, end, broken };

// What handlers may use, by reference; made once in app/wiring.
struct Services {
    engine::Engine& engine;
    engine::StockView& stock;
    engine::AccountBook& accounts;
    engine::Queries& queries;
    const Clock& clock;
    engine::Cluster* cluster = nullptr;  // nullptr = nobody shares the store
};

// What rendering may look at: nothing that changes, so that a repeated request is rendered to the same bytes.
struct RenderContext {
    const engine::AccountBook& accounts;  // only for uuid_of()
    std::string_view trace_id;
};

// Turns the outcome of a command into the answer. A plain function: it may run on the engine's lane (when the answer
// is stored under an idempotency key) and must use nothing but its arguments. `body` is empty on entry.
using RenderOutcome = void (*)(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                               std::string& body);

class Exchange {
  public:
    virtual ~Exchange() = default;

    // The request. Views live until the answer was sent.
    virtual std::string_view method() const = 0;
    virtual std::string_view path() const = 0;  // percent-decoded, without the query
    // The text that stood for `{name}` in the route, percent-decoded. Requires that the route has it.
    virtual std::string_view path_parameter(std::string_view name) const = 0;
    // The decoded value of a query parameter; the router refuses requests with duplicate or unknown ones, with bad
    // escapes and with NUL, so this is at most one.
    virtual std::optional<std::string_view> query(std::string_view name) const = 0;
    virtual std::string_view body() const = 0;
    virtual std::string_view content_type() const = 0;
    virtual std::optional<std::string_view> if_match() const = 0;
    virtual std::optional<std::string_view> if_none_match() const = 0;
    virtual std::string_view trace_id() const = 0;
    // Who asks. Requires a route that needs a role; the router has checked it.
    virtual const engine::Identity& caller() const = 0;
    virtual const Services& services() const = 0;

    // The answer. `content_type` empty = application/json. Headers are added with add_header before it.
    virtual void add_header(std::string_view name, std::string_view value) = 0;
    virtual void reply(std::int32_t status, std::string body, std::string_view content_type = {}) = 0;
    virtual void problem(const Problem& problem) = 0;

    // Gives a command to the engine; its outcome is rendered and sent. With an Idempotency-Key header (required by the
    // route table or optional) the engine answers repeats. Failures become 503 or 500 problems.
    virtual void submit(domain::Command command, RenderOutcome render) = 0;

    // Before submit(): the body in the one form in which a repeat is compared with the first request, for routes that
    // take the same JSON in several spellings. Left out, it is the bytes as they were sent.
    virtual void compare_as(std::string body) = 0;

    // Before submit(): the Location header of the answer, sent only with status 201. A value that ends in "/" is
    // completed with the id of the order in the outcome (also of a repeat).
    virtual void location(std::string value) = 0;

    // Only inside the `work` of read(): gives one command to the engine in the caller's name, without an idempotency
    // key, waits for its outcome on the pool thread and returns it. After a failure `command` is as it was, so that it
    // can be given again; else what it holds is undefined. For work that is several commands one after the other
    // (imports); it must still end with reply() or problem(). Holds one thread of the pool meanwhile.
    virtual Result<domain::Outcome, engine::Failure> submit_and_wait(domain::Command& command) = 0;

    // Runs `work` on the read pool, where it may block on queries; it must end with reply(), problem() or stream(),
    // which are then carried out on the io thread. `work` may use the exchange and what it captured by value.
    virtual void read(std::function<void(Exchange&)> work) = 0;

    // Answers 200 with a body of unknown length, made piece by piece on the read pool: `next` fills an empty string
    // with the next piece. Memory stays at one piece. `end` comes with an empty piece. After `broken` the connection
    // is cut without the end of the body, so that the client does not take a part for the whole.
    virtual void stream(std::string content_type, std::string file_name,
                        std::function<Piece(std::string& piece)> next) = 0;
};

using Handler = void (*)(Exchange&);

}  // namespace onhand::http
