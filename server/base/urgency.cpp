#include "base/urgency.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace onhand {
namespace {

// What sched_setattr(2) takes; the C library of Debian 12 has neither the call nor the type.
struct SchedulingWish {
    std::uint32_t size = sizeof(SchedulingWish);
    std::uint32_t policy = SCHED_BATCH;  // does not interrupt others when it wakes
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t slice_ns = 0;
    std::uint64_t deadline_ns = 0;
    std::uint64_t period_ns = 0;
};

// Since Linux 6.12 whoever wakes with a shorter slice (usual ones are about 3 ms) interrupts a thread in the middle of
// its own; a thread that asks for a short one would interrupt others in the same way. Older kernels take no notice.
constexpr std::uint64_t long_slice_ns = 20'000'000;

}  // namespace

void step_back(int nice) {
    if (::sched_getscheduler(0) == SCHED_IDLE) return;
    SchedulingWish wish;
    wish.nice = std::max(::getpriority(PRIO_PROCESS, 0), nice);
    wish.slice_ns = long_slice_ns;
    ::syscall(SYS_sched_setattr, 0, &wish, 0);
}

void yield_to_all() {
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_IDLE, &none);
}

}  // namespace onhand
