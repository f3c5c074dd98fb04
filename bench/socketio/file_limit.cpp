#include "socketio/file_limit.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

namespace onhand::bench::socketio {

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<std::string> raise_file_limit(std::size_t wanted) {
    raise_file_limit();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return std::nullopt;
    return fmt::format("{} open files are needed and {} are allowed (ulimit -Hn)", wanted, limit.rlim_cur);
}

}  // namespace onhand::bench::socketio
