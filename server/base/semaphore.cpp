#include "base/semaphore.hpp"

#include <cerrno>
#include <ctime>

namespace onhand {

Semaphore::Semaphore() {
    ::sem_init(&semaphore_, 0, 0);
}

Semaphore::~Semaphore() {
    ::sem_destroy(&semaphore_);
}

void Semaphore::post() {
    ::sem_post(&semaphore_);
}

void Semaphore::wait() {
    while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
}

// The steady clock of the C++ library is CLOCK_MONOTONIC.
bool Semaphore::wait_until(std::chrono::steady_clock::time_point deadline) {
    const auto since_start = std::chrono::nanoseconds(deadline.time_since_epoch());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start);
    const timespec until{seconds.count(), (since_start - seconds).count()};
    while (::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) != 0)
        if (errno != EINTR) return false;
    return true;
}

}  // namespace onhand
