#pragma once
// ensure(): assertions that stay on in release. For preconditions, postconditions and invariants, never for what
// a client, a file or the network can cause. A failed ensure writes one line to stderr and aborts: stopping is
// better than going on with wrong stock. Any thread.

#include <source_location>

namespace onhand {

// Reports the place and aborts. Out of line so that ensure() costs one branch.
[[noreturn]] void ensure_failed(const char* what, const std::source_location& where);

// Aborts the process when `condition` is false. `what` names the invariant in one phrase.
inline void ensure(bool condition, const char* what = "invariant",
                   const std::source_location& where = std::source_location::current()) {
    if (!condition) [[unlikely]]
        ensure_failed(what, where);
}

}  // namespace onhand
