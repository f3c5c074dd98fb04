#pragma once
// The limit of open files of this process (ulimit -n): many clients need more than the 1024 that a shell starts with.
// Called once at the start by each program that opens many connections.

#include <cstddef>
#include <optional>
#include <string>

namespace onhand::bench::socketio {

// Raises the soft limit as far as the hard limit lets it.
void raise_file_limit();

// The same, and one line for the user when fewer than `wanted` files are allowed then.
std::optional<std::string> raise_file_limit(std::size_t wanted);

}  // namespace onhand::bench::socketio
