#pragma once
// What onhand-watch is asked to do: its own options, and behind them those of the orders, which are onhand-load's.
// Every number has a bound, and only this machine may be the target. Pure; used once, by main.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "load/options.hpp"

namespace onhand::bench::watch {

inline constexpr std::size_t watchers_max = 10'000;
inline constexpr std::size_t rows_max = 2'000;  // as many as the server lets a client name

struct Options {
    std::size_t all = 0;           // watchers of the whole table
    std::size_t some = 0;          // watchers of a few rows
    std::size_t rows = 40;         // that each of them watches: neighbours, beginning anywhere
    std::uint16_t watch_port = 0;  // of another instance; 0 = the one that takes the orders
    bool help = false;
    bench::Options orders;

    std::size_t watchers() const { return all + some; }
    std::uint16_t port() const { return watch_port != 0 ? watch_port : orders.port; }
};

// The arguments behind the program's name. The error is one line for the user.
Result<Options, std::string> parse_options(std::span<const std::string_view> arguments);

// What --help prints.
std::string usage();

}  // namespace onhand::bench::watch
