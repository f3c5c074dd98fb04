#pragma once
// Time as the rooms receive it. Wall time (for stored and shown times) and monotonic time (for deadlines) are both
// behind one small interface, so that tests and simulations hand in their own. Thread-safe.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace onhand {

// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using UnixMillis = std::int64_t;
// Nanoseconds of a clock that never goes back; only differences mean anything.
using MonoNanos = std::int64_t;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual UnixMillis wall_ms() const = 0;
    virtual MonoNanos mono_ns() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
  public:
    UnixMillis wall_ms() const override;
    MonoNanos mono_ns() const override;
};

// A clock that stands still until it is told to move; for tests and simulations.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(UnixMillis start_ms = 1'800'000'000'000) : wall_ms_(start_ms) {}
    UnixMillis wall_ms() const override { return wall_ms_; }
    MonoNanos mono_ns() const override { return mono_ns_; }
    // Moves both clocks forward.
    void advance_ms(std::int64_t ms) {
        wall_ms_ += ms;
        mono_ns_ += ms * 1'000'000;
    }
    // Moves the wall clock alone, also backwards.
    void step_wall_ms(std::int64_t ms) { wall_ms_ += ms; }

  private:
    std::atomic<UnixMillis> wall_ms_;
    std::atomic<MonoNanos> mono_ns_{1};
};

// "2026-11-22T17:13:48.123Z" (RFC 3339, UTC, always three decimals). Years 1970 to 9999.
std::string format_rfc3339(UnixMillis time_ms);
// Appends the same 24 characters to `out` without a temporary.
void append_rfc3339(std::string& out, UnixMillis time_ms);
// Parses exactly that form, and the forms without decimals or with 1 to 9; anything else is nullopt.
std::optional<UnixMillis> parse_rfc3339(std::string_view text);

}  // namespace onhand
