#include "base/spare_turns.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "base/semaphore.hpp"

namespace onhand {
namespace {

using Clock = SpareTurns::Clock;

void in_a_thread(const std::function<void()>& work) {
    std::thread(work).join();
}

// How often the calling thread has stood still by itself: once or twice for each question.
long pauses() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

constexpr int calls = 1000;

// How often `turns` may ask at most in `calls` calls, when each question is good for `period`.
long pauses_max(Clock::time_point before, Clock::duration period) {
    return 2 * ((Clock::now() - before) / period + 2);
}

TEST(SpareTurns, a_turn_that_was_given_is_not_asked_for_again) {
    in_a_thread([] {
        SpareTurns turns;
        turns.wait();
        const auto before = Clock::now();
        const auto pauses_before = pauses();
        for (int i = 0; i < calls; ++i) turns.wait();
        EXPECT_LE(pauses() - pauses_before, pauses_max(before, SpareTurns::turn));
    });
}

// The thread that answers, held up in the handler of a signal until something is written to a pipe.
std::array<int, 2> held_up{-1, -1};
std::atomic<bool> is_held_up = false;

void hold_up(int) {
    is_held_up = true;
    char byte = 0;
    while (::read(held_up[0], &byte, 1) < 0) {
    }
}

pid_t thread_that_answers() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name == "spare turns") return std::stoi(task.path().filename());
    }
    return -1;
}

TEST(SpareTurns, work_goes_on_without_an_answer) {
    in_a_thread([] {
        ASSERT_EQ(::pipe2(held_up.data(), O_CLOEXEC), 0);
        struct sigaction action{};
        action.sa_handler = hold_up;
        ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
        SpareTurns turns;
        pid_t other = -1;
        // A thread has its name a moment after it was started.
        while (other < 0) {
            turns.wait();
            other = thread_that_answers();
        }
        ASSERT_EQ(::syscall(SYS_tgkill, ::getpid(), other, SIGUSR1), 0);
        while (!is_held_up) std::this_thread::yield();

        // The turn that was given before may last a while.
        const auto end = Clock::now() + 2 * SpareTurns::turn;
        while (Clock::now() < end) turns.wait();
        const auto before = Clock::now();
        const auto pauses_before = pauses();
        for (int i = 0; i < calls; ++i) turns.wait();
        EXPECT_LE(pauses() - pauses_before, pauses_max(before, SpareTurns::without));

        ASSERT_EQ(::write(held_up[1], "", 1), 1);
    });
}

TEST(SpareTurns, giving_way_waits_on_threads_with_turns_alone) {
    give_way();
    in_a_thread([] {
        SpareTurns turns;
        give_way();
    });
    // Another one may have its own on a thread of the same kind.
    in_a_thread([] {
        {
            SpareTurns turns;
        }
        SpareTurns again;
        give_way();
    });
}

TEST(Semaphore, tells_what_was_posted_and_what_was_not) {
    Semaphore semaphore;
    EXPECT_FALSE(semaphore.wait_until(Clock::now()));
    EXPECT_FALSE(semaphore.wait_until(Clock::now() + std::chrono::milliseconds(1)));
    semaphore.post();
    semaphore.post();
    EXPECT_TRUE(semaphore.wait_until(Clock::now() - std::chrono::hours(1)));
    semaphore.wait();
    EXPECT_FALSE(semaphore.wait_until(Clock::now()));
}

}  // namespace
}  // namespace onhand
