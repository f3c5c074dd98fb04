#pragma once
// Finds the row of the route table that a request is for. Built once from routes() (routes.hpp) and then read by every
// io thread. It knows paths and methods only; roles, bodies and keys are checked in gate.hpp.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/http/routes.hpp"

namespace onhand::http {

inline constexpr std::size_t path_parameters_max = 4;

struct PathParameter {
    std::string_view name;   // points into the route table
    std::string_view value;  // points into the path that was matched
};

struct RouteMatch {
    enum class Kind { found, not_found, method_not_allowed };
    Kind kind = Kind::not_found;
    const Route* route = nullptr;  // when found
    std::size_t index = 0;         // of the row
    std::array<PathParameter, path_parameters_max> parameters;
    std::size_t parameter_count = 0;
    std::string allow;  // when method_not_allowed: the value of the Allow field
};

class Router {
  public:
    // `rows` must outlive the router. Two rows with the same method and path are a bug.
    explicit Router(std::span<const Route> rows);

    // `path` is decoded and begins with '/'. HEAD is answered by the row of GET.
    RouteMatch match(std::string_view method, std::string_view path) const;

    std::span<const Route> rows() const { return rows_; }

  private:
    struct Pattern {
        std::size_t row = 0;
        std::vector<std::string_view> segments;  // "{name}" for parameters
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };

    bool match_pattern(const Pattern& pattern, std::span<const std::string_view> segments, RouteMatch& match) const;

    std::span<const Route> rows_;
    std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>> plain_;
    std::vector<Pattern> patterns_;
};

}  // namespace onhand::http
