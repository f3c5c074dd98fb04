#pragma once
// The target of a request: path and query, percent-decoded once and held to what can be a name here (UTF-8 without
// control characters, no dot segments, no hidden slashes). Used by the router. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onhand::http {

inline constexpr std::size_t query_parameters_max = 32;

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Decodes the path of `target` into `path`. False for bad escapes, NUL and control characters, %2f, "." and ".."
// segments, and what is not UTF-8.
bool decode_path(std::string_view target, std::string& path);

// Decodes the query of `target` ("a=1&b=2", plus = space). Returns the name that is to blame, or nullopt when all is
// well: names that occur twice, bad escapes, control characters, no UTF-8, more than query_parameters_max.
std::optional<std::string> decode_query(std::string_view target, QueryParameters& parameters);

}  // namespace onhand::http
