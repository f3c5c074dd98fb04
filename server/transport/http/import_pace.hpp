#pragma once
// How many rows the parts of an import have, and how long the run rests between them, so that it is as fast as others
// leave room for. A part is what a command waits for when it comes just behind it. Knows only what it is told: times
// and counts. Owned by an import run; one thread at a time.

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace onhand::http {

// Rows that are checked in one go before anything is applied: a turn (base/spare_turns.hpp) or two.
inline constexpr std::size_t import_check_rows = 100;
// Rows of one transaction of a file that is applied in parts: at first, and the bounds.
inline constexpr std::size_t import_part_rows = 500;
inline constexpr std::size_t import_part_rows_least = 50;
inline constexpr std::size_t import_part_rows_most = 4000;
// How long a part takes while others are at work: at most import_part_seconds, and import_part_delay / rate² with a
// rate of so many commands a second. Each command that comes during a part waits for it, and the more there are, the
// longer the queue behind it takes to drain. At 3 000 a second that is 10 ms, at 10 000 not even one.
inline constexpr double import_part_seconds = 0.020;
inline constexpr double import_part_delay = 90'000;
// Behind a part the run rests, so that the queue drains: for as long as the part took when there are
// import_full_rest_rate commands a second or more, and for that share of it when there are fewer.
inline constexpr double import_full_rest_rate = 10'000;

class ImportPace {
  public:
    // `commands`: how many the engine has taken on so far, whoever's, here and below.
    ImportPace(MonoNanos now, std::uint64_t commands) : begun_(now), commands_(commands) {}

    // A part is given to the engine. By what others asked for since the one before the next is measured.
    void begin_part(MonoNanos now, std::uint64_t commands);
    // It had so many rows and is done.
    void end_part(MonoNanos now, std::size_t rows);

    // Of the next part to be read. While nobody else asks for anything parts grow, because each costs a commit.
    std::size_t rows() const { return rows_; }
    // How long to wait before the next part.
    MonoNanos rest() const { return rest_; }

  private:
    MonoNanos begun_;
    std::uint64_t commands_;
    std::uint64_t own_commands_ = 0;  // parts since commands_ was read
    double rate_ = 0;                 // of others, per second
    std::size_t rows_ = import_part_rows;
    MonoNanos rest_ = 0;
};

}  // namespace onhand::http
