#include "transport/http/work_pool.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/urgency.hpp"

namespace onhand::http {
namespace {

// How the system schedules a thread: its policy and its nice value.
using Seen = std::pair<int, int>;

Seen urgency_of(WorkPool& pool) {
    std::promise<Seen> seen;
    const auto look = [&seen] {
        seen.set_value(
            {::sched_getscheduler(0), ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)))});
    };
    EXPECT_TRUE(pool.post(look));
    return seen.get_future().get();
}

TEST(WorkPool, its_threads_are_as_urgent_as_they_are_said_to_be) {
    const auto nice = ::getpriority(PRIO_PROCESS, 0);
    WorkPool usual("usual", 1, 8);
    EXPECT_EQ(urgency_of(usual), (Seen{::sched_getscheduler(0), nice}));
    WorkPool low("low", 1, 8, WorkPool::Urgency::low);
    EXPECT_EQ(urgency_of(low), (Seen{SCHED_BATCH, std::max(nice, background_nice)}));
}

TEST(WorkPool, refuses_what_does_not_fit_its_queue_and_runs_the_rest) {
    std::promise<void> begun;
    std::promise<void> go_on;
    int ran = 0;
    {
        WorkPool pool("pool", 1, 2);
        ASSERT_TRUE(pool.post([&] {
            begun.set_value();
            go_on.get_future().wait();
        }));
        begun.get_future().wait();
        EXPECT_TRUE(pool.post([&ran] { ++ran; }));
        EXPECT_TRUE(pool.post([&ran] { ++ran; }));
        EXPECT_FALSE(pool.post([&ran] { ran += 100; }));
        EXPECT_TRUE(pool.post_next_step([&ran] { ++ran; }));
        EXPECT_EQ(pool.waiting(), 3u);
        go_on.set_value();
    }
    EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace onhand::http
