#pragma once
// How often clients are told, worked out from what telling them costs: the thread that tells them also takes orders.
// Pure; used by Audience.

#include <chrono>
#include <cstddef>
#include <vector>

namespace onhand::live {

class RoundPace {
  public:
    using Duration = std::chrono::nanoseconds;

    // A client is told at most once in this time, however few there are.
    static constexpr Duration round_min = std::chrono::milliseconds(4);
    // The usual length of a round: longer only where telling costs more than busy_share of the thread.
    static constexpr Duration round_usual = std::chrono::milliseconds(10);
    // A round is shorter than usual where telling then costs at most this share of the thread.
    static constexpr double idle_share = 0.05;
    // Telling takes at most about this share of the thread.
    static constexpr double busy_share = 0.8;
    // However long a turn took, perhaps because the machine did something else, the next waits no longer than this.
    static constexpr Duration pause_max = std::chrono::milliseconds(25);

    explicit RoundPace(std::size_t groups) : costs_(groups) {}

    // A group was told; `cost` is the processor time that it took.
    void told(std::size_t group, Duration cost) { costs_.at(group) = cost; }
    // The group has no clients any more.
    void forget(std::size_t group) { costs_.at(group) = Duration::zero(); }

    // How long after a group was told it may be told again.
    Duration round() const;
    // How long after a turn of `cost` nobody is told.
    static Duration pause_after(Duration cost);

  private:
    std::vector<Duration> costs_;  // of the last turn of each group
};

}  // namespace onhand::live
