#include "transport/http/router.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace onhand::http {
namespace {

constexpr std::size_t segments_max = 16;  // deeper paths are not found

// Splits "/a/b" into "a", "b". Returns the number of segments, or segments_max + 1 when there are more.
std::size_t split(std::string_view path, std::array<std::string_view, segments_max>& segments) {
    std::size_t count = 0;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        if (count == segments_max) return segments_max + 1;
        segments[count++] = path.substr(0, end);
        path.remove_prefix(end);
    }
    return count;
}

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// True when `row` answers `method`; notes the methods it does answer.
bool answers(const Route& row, std::string_view method, std::string& allow) {
    if (row.method == method || (method == "HEAD" && row.method == "GET")) return true;
    if (!allow.empty()) allow += ", ";
    allow += row.method;
    if (row.method == "GET") allow += ", HEAD";
    return false;
}

}  // namespace

Router::Router(std::span<const Route> rows) : rows_(rows) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto path = rows[row].path;
        if (path.find('{') == std::string_view::npos) {
            auto& group = plain_[std::string(path)];
            for (const auto other : group)
                ensure(rows[other].method != rows[row].method, "one row per method and path");
            group.push_back(row);
            continue;
        }
        std::array<std::string_view, segments_max> segments;
        const auto count = split(path, segments);
        ensure(count <= segments_max, "route paths are short");
        const auto parameters = std::count_if(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(count),
                                              [](std::string_view segment) { return is_parameter(segment); });
        ensure(parameters <= static_cast<std::ptrdiff_t>(path_parameters_max), "route has few parameters");
        Pattern pattern;
        pattern.row = row;
        pattern.segments.assign(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(count));
        patterns_.push_back(std::move(pattern));
    }
}

bool Router::match_pattern(const Pattern& pattern, std::span<const std::string_view> segments,
                           RouteMatch& match) const {
    if (pattern.segments.size() != segments.size()) return false;
    match.parameter_count = 0;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto wanted = pattern.segments[i];
        if (!is_parameter(wanted)) {
            if (wanted != segments[i]) return false;
            continue;
        }
        if (segments[i].empty()) return false;
        auto& parameter = match.parameters[match.parameter_count++];
        parameter.name = wanted.substr(1, wanted.size() - 2);
        parameter.value = segments[i];
    }
    return true;
}

RouteMatch Router::match(std::string_view method, std::string_view path) const {
    RouteMatch match;
    const auto found = [&](std::size_t row) {
        match.kind = RouteMatch::Kind::found;
        match.route = &rows_[row];
        match.index = row;
    };
    if (const auto group = plain_.find(path); group != plain_.end()) {
        for (const auto row : group->second) {
            if (!answers(rows_[row], method, match.allow)) continue;
            found(row);
            return match;
        }
    }
    std::array<std::string_view, segments_max> segments;
    const auto count = split(path, segments);
    if (count <= segments_max) {
        const std::span<const std::string_view> given(segments.data(), count);
        for (const auto& pattern : patterns_) {
            if (!match_pattern(pattern, given, match)) continue;
            if (!answers(rows_[pattern.row], method, match.allow)) continue;
            found(pattern.row);
            return match;
        }
    }
    match.parameter_count = 0;
    if (!match.allow.empty()) match.kind = RouteMatch::Kind::method_not_allowed;
    return match;
}

}  // namespace onhand::http
