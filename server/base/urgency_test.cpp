#include "base/urgency.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace onhand {
namespace {

struct Seen {
    int policy;
    int nice;
    bool operator==(const Seen&) const = default;
};

Seen seen() {
    return {::sched_getscheduler(0), ::getpriority(PRIO_PROCESS, 0)};
}

TEST(Urgency, a_thread_that_steps_back_interrupts_nobody_and_the_others_stay_as_they_are) {
    const auto before = seen();
    Seen inside{};
    std::thread([&inside] {
        step_back(10);
        inside = seen();
    }).join();
    EXPECT_EQ(inside, (Seen{SCHED_BATCH, std::max(before.nice, 10)}));
    EXPECT_EQ(seen(), before);
}

TEST(Urgency, a_thread_that_yields_to_all_does_so_alone) {
    const auto before = seen();
    Seen inside{};
    std::thread([&inside] {
        yield_to_all();
        inside = seen();
    }).join();
    EXPECT_EQ(inside, (Seen{SCHED_IDLE, before.nice}));
    EXPECT_EQ(seen(), before);
}

TEST(Urgency, a_thread_never_becomes_more_urgent) {
    Seen nicer{};
    Seen idle{};
    std::thread([&nicer] {
        ::setpriority(PRIO_PROCESS, 0, 15);
        step_back(10);
        nicer = seen();
    }).join();
    std::thread([&idle] {
        yield_to_all();
        step_back(10);
        idle = seen();
    }).join();
    EXPECT_EQ(nicer, (Seen{SCHED_BATCH, std::max(::getpriority(PRIO_PROCESS, 0), 15)}));
    EXPECT_EQ(idle.policy, SCHED_IDLE);
}

}  // namespace
}  // namespace onhand
