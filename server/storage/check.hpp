#pragma once
// One line of a verification: what an adapter's verify() tells of one invariant, and the command line prints. Plain
// value.

#include <string>

namespace onhand::storage {

struct Check {
    std::string name;  // as in ARCHITECTURE.md, "Invariants, by name"
    bool ok = false;
    std::string finding;  // the first thing found wrong
};

}  // namespace onhand::storage
