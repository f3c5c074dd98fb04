#pragma once
// A request to the engine: one command on its way, and its answer. The transport owns it and keeps it alive until it
// comes back through its CompletionSink; in between only the engine touches it. Nothing is allocated per command.

#include <cstdint>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "domain/changes.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"

namespace onhand::engine {

class Request;

// Takes finished requests back, one call per batch and sink. Called on the lane thread (or, for requests refused at
// the door, never: submit() returns them). Must not block; typically posts to the io thread that owns the requests.
class CompletionSink {
  public:
    virtual ~CompletionSink() = default;
    // `first` heads a list linked by Request::next.
    virtual void complete(Request* first) = 0;
};

// Why there is no outcome. Nothing was applied, except after outcome_unknown, where nobody can say yet.
enum class Failure {
    busy,                 // the queue is full
    deadline_passed,      // waited too long before it was judged
    storage_unavailable,  // the store refused or failed; try again
    draining,             // the process is stopping
    outcome_unknown,      // the commit's fate is unknown; ask again with the same key
};

// An earlier request with the same key and body was answered with these bytes.
struct StoredBytes {
    std::int32_t status = 0;
    std::string body;
};

struct Answer {
    std::variant<Failure, domain::Outcome, StoredBytes> value = Failure::busy;
    // True when this repeats the answer of an earlier request with the same key. An order is then the order as it was
    // placed.
    bool replayed = false;
};

class Request {
  public:
    virtual ~Request() = default;

    // Renders the outcome as it will be sent, for storing under the idempotency key. Called on the lane thread, only
    // for requests with a key whose outcome is not a placed order; answer then holds the StoredBytes made here.
    virtual void render(const domain::Outcome& outcome, StoredBytes& bytes) const = 0;

    domain::Command command;
    domain::AccountId actor{};
    domain::Role role = domain::Role::viewer;
    domain::KeyHash key{};  // nil = no idempotency key
    domain::Fingerprint fingerprint{};
    MonoNanos deadline = 0;  // not judged after this; 0 = the engine's default, set by submit()
    CompletionSink* sink = nullptr;

    Answer answer;
    Request* next = nullptr;
};

}  // namespace onhand::engine
