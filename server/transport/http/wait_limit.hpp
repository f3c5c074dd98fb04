#pragma once
// Decides whether one more command may wait for the engine. In a storm commands come faster than they are carried out;
// whoever is let in then waits for all before it, so that at last nobody gets an answer in time. This keeps the wait
// near wait_max: while commands take longer, only as many may wait as were answered within that time, and the others
// are refused before their bodies are read. Asked by the gate, told by the exchanges; any thread.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>

#include "base/clock.hpp"

namespace onhand::http {

class WaitLimit {
  public:
    static constexpr MonoNanos wait_max = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
    // So many may always wait: fewer would leave the engine without work between two batches.
    static constexpr std::int64_t waiting_min = 128;
    static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max() / 4;

    bool has_room() const { return waiting_.load(std::memory_order_relaxed) < limit_.load(std::memory_order_relaxed); }

    // A command was given to the engine.
    void entered() { waiting_.fetch_add(1, std::memory_order_relaxed); }
    // It came back, `waited` after it was given.
    void left(MonoNanos now, MonoNanos waited);
    // The engine did not take it. Says nothing about how long others wait.
    void turned_back() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

    std::int64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
    // no_limit while there is no storm.
    std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }

  private:
    void judge(MonoNanos now);

    std::atomic<std::int64_t> waiting_{0};
    std::atomic<std::int64_t> limit_{no_limit};
    std::atomic<std::int64_t> answered_{0};                                          // since window_begin_
    std::atomic<MonoNanos> waited_shortest_{std::numeric_limits<MonoNanos>::max()};  // among these
    std::atomic<MonoNanos> window_end_{0};
    std::mutex judging_;
    MonoNanos window_begin_ = 0;  // guarded by judging_
};

}  // namespace onhand::http
