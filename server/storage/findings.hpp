#pragma once
// Collects what a verification finds: one check per invariant, of each the first finding. Used by the verify routines
// of the adapters, on the thread that verifies.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "storage/check.hpp"

namespace onhand::storage {

class Findings {
  public:
    // The invariant `name` is looked at from now on. Saying it again changes nothing.
    void begin(const std::string& name) {
        if (!find(name)) checks_.push_back({name, true, {}});
    }
    // Notes that the invariant `name`, which was begun, does not hold.
    void fail(const std::string& name, const std::string& finding) {
        Check* const check = find(name);
        if (!check || !check->ok) return;
        check->ok = false;
        check->finding = finding;
    }
    // Runs `check`; a failure to read, which adapters throw, fails `name`.
    template <class Body>
    void guard(const std::string& name, Body&& check) {
        begin(name);
        try {
            check();
        } catch (const std::runtime_error& error) {
            fail(name, std::string("cannot be read: ") + error.what());
        }
    }
    std::vector<Check> take() { return std::move(checks_); }

  private:
    Check* find(const std::string& name) {
        const auto found =
            std::find_if(checks_.begin(), checks_.end(), [&name](const Check& check) { return check.name == name; });
        return found == checks_.end() ? nullptr : &*found;
    }
    std::vector<Check> checks_;
};

}  // namespace onhand::storage
