#pragma once
// Signs in over the API before a run: one POST, one answer, on a blocking socket with a time-out. Called by main, once.

#include <string>

#include "base/result.hpp"
#include "load/options.hpp"

namespace onhand::bench {

// The session token of options.email. The error is one line for the user.
Result<std::string, std::string> sign_in(const Options& options);

}  // namespace onhand::bench
