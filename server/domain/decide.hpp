#pragma once
// decide(): the heart of the business, pure. It judges one command on the working set as the commands before it left
// it, and either changes the set and appends to `changes`, or refuses and changes nothing. Called by the engine's
// lane, once per command, in order. No clock, randomness, I/O or JSON: time and ids come in through the context.

#include "base/uuid.hpp"
#include "domain/changes.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "domain/working_set.hpp"

namespace onhand::domain {

struct Context {
    UnixMillis now = 0;
    AccountId actor{};        // 0 for the system itself and before sign-in
    Role role = Role::admin;  // of the actor; the transport has checked the route, decide checks objects
    UuidGenerator& ids;
    KeyHash key{};  // of the request; travels with a placed order
    Fingerprint fingerprint{};
};

// Requires that request_rows() of the command were loaded. Never throws.
Outcome decide(const Command& command, WorkingSet& set, const Context& context, Changes& changes);

}  // namespace onhand::domain
