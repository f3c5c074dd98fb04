#pragma once
// Long work in short turns, begun while a processor has nothing better to do. A thread of little urgency
// (base/urgency.hpp) is not enough: Linux takes a processor for free only when it runs nothing or SCHED_IDLE, so those
// who wake meanwhile queue behind each other on the others, also behind no more than a list that is read. SCHED_IDLE
// itself is no answer: such a thread cannot come back from it, and where the processors never rest it stands still with
// what it holds. So the work asks: a thread of SCHED_IDLE, which holds nothing and does nothing else, answers when it
// gets a processor, and the work goes on for one turn.

#include <atomic>
#include <chrono>
#include <thread>

#include "base/semaphore.hpp"

namespace onhand {

class SpareTurns {
  public:
    using Clock = std::chrono::steady_clock;

    // Of the clock, not of the processor: a thread that was interrupted asks again.
    static constexpr std::chrono::microseconds turn{100};
    // How long an answer is waited for, and how long none is asked for when it did not come: where the processors never
    // rest, the work goes on as its thread's urgency has it, and loses a fifteenth at most.
    static constexpr std::chrono::milliseconds patience{2};
    static constexpr std::chrono::milliseconds without{30};

    // For the calling thread, which has no other; it also destroys it. The thread that answers is started by the first
    // question.
    SpareTurns();
    // Waits for the thread that answers, which has next to nothing to do.
    ~SpareTurns();
    SpareTurns(const SpareTurns&) = delete;
    SpareTurns& operator=(const SpareTurns&) = delete;

    // Returns at once while a turn lasts, else when the next one begins.
    void wait();

  private:
    void answer();

    Semaphore asked_;
    Semaphore answered_;
    bool is_asked_ = false;  // and not yet answered
    std::atomic<bool> stopping_ = false;
    Clock::time_point until_{};  // the end of the turn
    std::thread thread_;
};

// To be called every few microseconds of long work, by a thread that holds nothing that others wait for. Does nothing
// on a thread without SpareTurns, so it may stand in code that urgent threads share.
void give_way();

}  // namespace onhand
