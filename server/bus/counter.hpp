#pragma once
// The counter port: how often something happened within a window of time, over all instances. For limits on rates that
// must hold however requests are spread. Adapters: bus/redis; where there is none, or it is away, callers fall back to
// a count of their own process, which is weaker and never absent.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace onhand::bus {

class Counter {
  public:
    virtual ~Counter() = default;

    // Adds one to `key` and returns the count in the present window, which begins with the first add and ends after
    // `window`. Blocking, at most 50 ms; nullopt when there is no answer in time. Thread-safe.
    virtual std::optional<std::int64_t> add(std::string_view key, std::chrono::milliseconds window) = 0;
    // The count without adding; 0 when there is none.
    virtual std::optional<std::int64_t> read(std::string_view key) = 0;
    // Forgets a count.
    virtual void forget(std::string_view key) = 0;
};

}  // namespace onhand::bus
