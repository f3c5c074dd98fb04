#include "base/thread_name.hpp"

#include <pthread.h>

#include <cerrno>

#include "base/ensure.hpp"

namespace onhand {

void name_thread(const char* name) {
    // Where the system forbids it, a thread without its name works as well.
    ensure(::pthread_setname_np(::pthread_self(), name) != ERANGE, "the name of a thread has at most 15 bytes");
}

}  // namespace onhand
