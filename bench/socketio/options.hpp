#pragma once
// What onhand-sio-load and onhand-sio-server are asked to do, read from their command lines. Every number has a bound,
// and both programs talk to 127.0.0.0/8 only: they measure, they are no weapon. Pure; used once, by each main.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace onhand::bench::socketio {

inline constexpr std::size_t clients_max = 200'000;
inline constexpr std::size_t in_flight_max = 1'000;
inline constexpr std::size_t nap_us_max = 100'000;
inline constexpr std::size_t io_threads_max = 64;

struct LoadOptions {
    std::uint16_t port = 0;      // of the server on 127.0.0.1
    std::size_t clients = 1000;  // opened one after the other and kept
    std::size_t in_flight = 64;  // of them at most so many in the middle of their handshakes
    double patience_s = 30.0;    // without any progress for so long the run has failed
    std::size_t nap_us = 500;    // of sleep between two looks at the sockets while events are on their way
    bool help = false;
};

struct ServerOptions {
    std::uint16_t port = 0;  // 0 = one that is free
    std::size_t io_threads = 1;
    std::size_t ping_interval_ms = 25'000;
    bool help = false;
};

// The arguments behind the program's name. The error is one line for the user.
Result<LoadOptions, std::string> parse_load_options(std::span<const std::string_view> arguments);
Result<ServerOptions, std::string> parse_server_options(std::span<const std::string_view> arguments);

// What --help prints.
std::string load_usage();
std::string server_usage();

}  // namespace onhand::bench::socketio
