#pragma once
// One stock level that a single writer changes while many readers look: a sequence lock. Readers never block the
// writer; they read again when a change came between. Used by the stock view only.
// Method: Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012), figure 6, with
// acquire loads and release stores on the fields in place of fences, which ThreadSanitizer does not know.

#include <atomic>
#include <cstdint>

#include "domain/level.hpp"

namespace onhand::engine {

class LevelCell {
  public:
    // One thread at a time.
    void store(const domain::StockLevel& level) {
        const auto turn = turn_.load(std::memory_order_relaxed);
        turn_.store(turn + 1, std::memory_order_relaxed);
        on_hand_.store(level.on_hand, std::memory_order_release);
        unavailable_.store(level.unavailable, std::memory_order_release);
        held_.store(level.held, std::memory_order_release);
        allocated_.store(level.allocated, std::memory_order_release);
        incoming_.store(level.incoming, std::memory_order_release);
        version_.store(level.version, std::memory_order_release);
        updated_at_.store(level.updated_at, std::memory_order_release);
        turn_.store(turn + 2, std::memory_order_release);
    }

    // The whole level as of one moment. Any thread.
    domain::StockLevel load(domain::LevelKey key) const {
        domain::StockLevel level;
        level.key = key;
        for (;;) {
            const auto before = turn_.load(std::memory_order_acquire);
            level.on_hand = on_hand_.load(std::memory_order_acquire);
            level.unavailable = unavailable_.load(std::memory_order_acquire);
            level.held = held_.load(std::memory_order_acquire);
            level.allocated = allocated_.load(std::memory_order_acquire);
            level.incoming = incoming_.load(std::memory_order_acquire);
            level.version = version_.load(std::memory_order_acquire);
            level.updated_at = updated_at_.load(std::memory_order_acquire);
            const auto after = turn_.load(std::memory_order_relaxed);
            if (before == after && before % 2 == 0) return level;
        }
    }

  private:
    std::atomic<std::uint32_t> turn_{0};
    std::atomic<std::int64_t> on_hand_{0}, unavailable_{0}, held_{0}, allocated_{0}, incoming_{0}, version_{0},
        updated_at_{0};
};

}  // namespace onhand::engine
