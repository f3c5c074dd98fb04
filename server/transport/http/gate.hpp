#pragma once
// Everything that is checked between the head of a request and its handler, in one place and one order: route, method,
// room for one more command, role and same-origin proof, content type and size, Idempotency-Key, names of the query
// parameters. Called by the session before it reads the body. Knows no sockets; touches nothing but the connection's
// identity cache.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/changes.hpp"
#include "transport/http/auth.hpp"
#include "transport/http/problem.hpp"
#include "transport/http/request_head.hpp"
#include "transport/http/server_context.hpp"
#include "transport/http/target.hpp"

namespace onhand::http {

inline constexpr std::size_t idempotency_key_bytes_max = 128;
inline constexpr std::size_t ignored_body_bytes_max = 4096;  // of routes without a body

// A request that may go to its handler. Lives in the connection and is used again; views point into `path` and into
// the head's bytes.
struct Admission {
    std::string path;              // decoded
    const Route* route = nullptr;  // nullptr = a file of the page
    const StaticFile* file = nullptr;
    std::size_t row = 0;  // for the counters
    RouteMatch match;
    QueryParameters query;
    std::shared_ptr<const engine::Identity> identity;  // of routes that need a role
    domain::KeyHash key{};                             // nil = no idempotency key
    std::size_t body_bytes_max = 0;
    bool head_only = false;
};

// A request that may not.
struct GateRefusal {
    Problem problem;
    std::string fields;  // lines to add to the answer's head
};

// Fills `admission`, or says why not. `now` is wall time.
std::optional<GateRefusal> admit(const RequestHead& head, const ServerContext& context, IdentityCache& identities,
                                 UnixMillis now, Admission& admission);

// The same for a request of the server's own (HttpServer::call), whose caller is known: nothing has to be proved.
// `caller` nullptr = nobody.
std::optional<GateRefusal> admit_caller(const RequestHead& head, const ServerContext& context,
                                        std::shared_ptr<const engine::Identity> caller, Admission& admission);

// BLAKE2b-128 of account and key.
domain::KeyHash hash_key(const Uuid& account, std::string_view key);

// BLAKE2b-128 of method, path and body.
domain::Fingerprint fingerprint_of(std::string_view method, std::string_view path, std::string_view body);

// A problem without anything special.
Problem plain_problem(std::int32_t status, std::string_view code, std::string_view detail,
                      std::int32_t retry_after = 0);

// What a client is told when the engine has no outcome for it.
Problem problem_of_failure(engine::Failure failure);

}  // namespace onhand::http
