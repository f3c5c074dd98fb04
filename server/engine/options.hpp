#pragma once
// Bounds of the engine. Plain values.

#include <cstddef>

#include "base/clock.hpp"

namespace onhand::engine {

struct Options {
    std::size_t queue_max = 16'384;         // requests waiting in a lane; more are answered busy
    std::size_t batch_max = 1024;           // requests per transaction
    std::size_t retries_max = 3;            // of a batch after StoreErrc::conflict
    std::size_t working_set_max = 400'000;  // rows kept between batches
    MonoNanos deadline_ns = 5'000'000'000;  // default waiting time before judging
};

}  // namespace onhand::engine
