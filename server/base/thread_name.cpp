#include "base/thread_name.hpp"

#include <pthread.h>

#include "base/ensure.hpp"

namespace onhand {

void name_thread(const char* name) {
    ensure(::pthread_setname_np(::pthread_self(), name) == 0, "the name of a thread has at most 15 bytes");
}

}  // namespace onhand
