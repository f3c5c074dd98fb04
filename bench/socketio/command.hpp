#pragma once
// One line of what the load client is told on its standard input, read and bounded. Pure; used by Load.

#include <cstdint>
#include <optional>
#include <string_view>

namespace onhand::bench::socketio {

inline constexpr std::uint64_t rounds_max = 1'000'000;
inline constexpr std::uint64_t burst_max = 1'000;

struct Command {
    bool asks_back = false;    // "ack": every client answers; else "broadcast"
    std::uint64_t rounds = 1;  // one after the other
    std::uint64_t burst = 1;   // events of one round, sent without a pause
};

// "broadcast ROUNDS BURST" or "ack ROUNDS"; nothing for anything else, numbers out of bounds included.
std::optional<Command> parse_command(std::string_view line);

}  // namespace onhand::bench::socketio
