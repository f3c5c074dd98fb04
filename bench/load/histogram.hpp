#pragma once
// A histogram of latencies in microseconds with fixed memory: exact below 256 µs, and above that 128 equal steps for
// each doubling, so that a value is never off by more than 0.8 %. Filled by the load run, read by the report. One
// thread. It knows no clock: what is counted is decided by who calls record().

#include <array>
#include <cstddef>
#include <cstdint>

namespace onhand::bench {

class Histogram {
  public:
    // Larger values (71 minutes) are counted as this one; max() still tells them exactly.
    static constexpr std::uint64_t value_max = (std::uint64_t{1} << 32U) - 1;

    void record(std::uint64_t microseconds);
    // Adds the counts of another one.
    void add(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    // 0 when nothing was recorded.
    double mean() const;

    // The smallest value that at least `percent` (above 0, up to 100) of the records do not exceed, rounded up to the
    // end of its step and never above max(). 0 when nothing was recorded.
    std::uint64_t percentile(double percent) const;

  private:
    static constexpr unsigned step_bits = 7;  // 128 steps per doubling
    static constexpr std::size_t exact_values = std::size_t{1} << (step_bits + 1);
    static constexpr std::size_t doublings = 32 - (step_bits + 1);
    static constexpr std::size_t slots = exact_values + (doublings << step_bits);

    static std::size_t slot_of(std::uint64_t value);
    static std::uint64_t last_value_of(std::size_t slot);

    std::array<std::uint64_t, slots> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace onhand::bench
