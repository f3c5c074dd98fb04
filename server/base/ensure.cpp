#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace onhand {

void ensure_failed(const char* what, const std::source_location& where) {
    std::fprintf(stderr, "onhand: broken invariant: %s (%s:%u, %s)\n", what, where.file_name(), where.line(),
                 where.function_name());
    std::fflush(stderr);
    std::abort();
}

}  // namespace onhand
