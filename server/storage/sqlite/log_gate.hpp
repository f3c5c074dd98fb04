#pragma once
// Lets the log be copied into the database while nobody reads. Who reads keeps the log from being copied whole, and who
// begins to read meanwhile keeps it from beginning anew; with somebody always reading it would grow without end.
// Readers stand in the gate as long as they see one moment of the database; the writing thread closes it only when it
// is empty, so it never waits, and readers wait for one copying at most. Any thread; a thread may stand in it several
// times.

#include <atomic>
#include <cstdint>

namespace onhand::storage::sqlite {

class LogGate {
  public:
    class Reading {
      public:
        // Waits while the gate is closed; it is not where this thread stands in it already. nullptr: there is no gate.
        explicit Reading(LogGate* gate) : gate_(gate) {
            if (gate_) gate_->enter();
        }
        ~Reading() {
            if (gate_) gate_->leave();
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;

      private:
        LogGate* const gate_;
    };

    // For the writing thread. False when somebody reads; else nobody does until open().
    bool try_close() {
        std::int32_t none = 0;
        return readers_.compare_exchange_strong(none, closed, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void open() {
        readers_.store(0, std::memory_order_release);
        readers_.notify_all();
    }

  private:
    static constexpr std::int32_t closed = -1;

    void enter() {
        auto seen = readers_.load(std::memory_order_relaxed);
        while (true) {
            if (seen == closed) {
                readers_.wait(closed, std::memory_order_relaxed);
                seen = readers_.load(std::memory_order_relaxed);
            } else if (readers_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire,
                                                      std::memory_order_relaxed)) {
                return;
            }
        }
    }

    void leave() { readers_.fetch_sub(1, std::memory_order_release); }

    std::atomic<std::int32_t> readers_{0};  // that stand in the gate, or `closed`
};

}  // namespace onhand::storage::sqlite
