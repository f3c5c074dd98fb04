#include "bus/redis/prefix.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace onhand::bus::redis {

std::string prefix_of(std::string_view scope) {
    // Anything else could be taken for a pattern or for a cluster's tag.
    const bool is_plain = std::ranges::all_of(scope, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
    });
    ensure(is_plain, "a scope has letters, digits, - and _ only");
    std::string prefix = "onhand:";
    if (!scope.empty()) prefix.append(scope).append(":");
    return prefix;
}

}  // namespace onhand::bus::redis
