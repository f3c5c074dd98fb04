#pragma once
// Figures of the engine for /metrics and readiness: written by the lanes, read by anybody.

#include <array>
#include <atomic>
#include <cstdint>

namespace onhand::engine {

// A snapshot. Counters only rise while the process lives.
struct Stats {
    std::uint64_t batches = 0;
    std::uint64_t commands = 0;  // judged, refusals included
    std::uint64_t orders_placed = 0;
    std::uint64_t refusals = 0;
    std::uint64_t replays = 0;    // answered from an earlier request's key
    std::uint64_t busy = 0;       // turned away at the door
    std::uint64_t expired = 0;    // past their deadline when taken
    std::uint64_t conflicts = 0;  // batches judged again because another writer was in the way
    std::uint64_t commits_failed = 0;
    std::uint64_t commits_unknown = 0;
    std::uint64_t queue_length = 0;     // now
    std::uint64_t commit_ns_total = 0;  // time spent in Store::commit
    std::int64_t head = 0;              // feed number
};

class StatsRecorder {
  public:
    std::atomic<std::uint64_t> batches{0}, commands{0}, orders_placed{0}, refusals{0}, replays{0}, busy{0}, expired{0},
        conflicts{0}, commits_failed{0}, commits_unknown{0}, commit_ns_total{0};
};

}  // namespace onhand::engine
