#pragma once
// The target of a request: path and query, percent-decoded once and held to what can be a name here (UTF-8 without
// control characters, no dot segments). Used by the router. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onhand::http {

inline constexpr std::size_t query_parameters_max = 32;

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Stands for an escaped slash ("%2F") until the path is split at its real ones: a SKU may hold slashes.
inline constexpr char hidden_slash = '\x01';

// Decodes the path of `target` into `path`, with hidden_slash for escaped slashes. False for bad escapes, NUL and
// control characters, "." and ".." segments (also between escaped slashes), and what is not UTF-8.
bool decode_path(std::string_view target, std::string& path);

// Puts slashes in the place of hidden_slash; after matching. Views into `path` stay good.
void show_slashes(std::string& path);

// Decodes the query of `target` ("a=1&b=2", plus = space). Returns the name that is to blame, or nullopt when all is
// well: names that occur twice, bad escapes, control characters, no UTF-8, more than query_parameters_max.
std::optional<std::string> decode_query(std::string_view target, QueryParameters& parameters);

}  // namespace onhand::http
