#include "socketio/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace onhand::bench::socketio {
namespace {

using Problem = std::optional<std::string>;

template <class Options>
struct Definition {
    std::string_view name;
    std::string_view value;  // what the value is; empty = a switch
    std::string_view help;
    Problem (*set)(std::string_view value, Options& options);
};

template <class Number>
Problem set_count(std::string_view text, std::uint64_t from, std::uint64_t to, Number& target) {
    const auto number = parse_int(text);
    const bool fits = number && *number >= 0 && static_cast<std::uint64_t>(*number) >= from &&
                      static_cast<std::uint64_t>(*number) <= to;
    if (!fits) return fmt::format("must be a whole number from {} to {}", from, to);
    target = static_cast<Number>(*number);
    return std::nullopt;
}

template <class Options>
Definition<Options> help_definition() {
    return {"--help", "", "print this", [](std::string_view, Options& options) -> Problem {
                options.help = true;
                return std::nullopt;
            }};
}

std::vector<Definition<LoadOptions>> load_definitions() {
    return {
        {"--port", "PORT", "where the server listens on 127.0.0.1 (must be given)",
         [](auto text, auto& options) { return set_count(text, 1, 65535, options.port); }},
        {"--clients", "N", "Socket.IO clients on WebSockets (default 1000)",
         [](auto text, auto& options) { return set_count(text, 1, clients_max, options.clients); }},
        {"--in-flight", "N", "handshakes under way at a time (default 64)",
         [](auto text, auto& options) { return set_count(text, 1, in_flight_max, options.in_flight); }},
        {"--patience", "S", "seconds without any progress after which the run has failed (default 30)",
         [](auto text, auto& options) { return set_count(text, 1, 600, options.patience_s); }},
        {"--nap-us", "US", "sleep between two looks at the sockets while events come (default 500; 0: none)",
         [](auto text, auto& options) { return set_count(text, 0, nap_us_max, options.nap_us); }},
        help_definition<LoadOptions>(),
    };
}

std::vector<Definition<ServerOptions>> server_definitions() {
    return {
        {"--port", "PORT", "where to listen on 127.0.0.1 (default 0: any free one)",
         [](auto text, auto& options) { return set_count(text, 0, 65535, options.port); }},
        {"--io-threads", "N", "threads that serve connections (default 1)",
         [](auto text, auto& options) { return set_count(text, 1, io_threads_max, options.io_threads); }},
        {"--ping-interval", "MS", "of the heartbeat (default 25000)",
         [](auto text, auto& options) { return set_count(text, 100, 3'600'000, options.ping_interval_ms); }},
        help_definition<ServerOptions>(),
    };
}

template <class Options>
Result<Options, std::string> parse(const std::vector<Definition<Options>>& definitions,
                                   std::span<const std::string_view> arguments) {
    const auto wrong = [](std::string line) {
        return Result<Options, std::string>(boost::system::in_place_error, std::move(line));
    };
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.front();
        arguments = arguments.subspan(1);
        const Definition<Options>* found = nullptr;
        for (const auto& definition : definitions) {
            if (definition.name == name) found = &definition;
        }
        if (found == nullptr) return wrong(fmt::format("unknown option {} (see --help)", name));
        std::string_view value;
        if (!found->value.empty()) {
            if (arguments.empty()) return wrong(fmt::format("{} needs a value", name));
            value = arguments.front();
            arguments = arguments.subspan(1);
        }
        if (const auto problem = found->set(value, options)) return wrong(fmt::format("{} {}", name, *problem));
    }
    return options;
}

template <class Options>
std::string list(const std::vector<Definition<Options>>& definitions) {
    std::string text;
    for (const auto& definition : definitions)
        text += fmt::format("  {:<20} {}\n", fmt::format("{} {}", definition.name, definition.value), definition.help);
    return text;
}

}  // namespace

Result<LoadOptions, std::string> parse_load_options(std::span<const std::string_view> arguments) {
    auto options = parse(load_definitions(), arguments);
    if (options && !options->help && options->port == 0)
        return {boost::system::in_place_error, "--port is missing (see --help)"};
    return options;
}

Result<ServerOptions, std::string> parse_server_options(std::span<const std::string_view> arguments) {
    return parse(server_definitions(), arguments);
}

std::string load_usage() {
    return "onhand-sio-load [OPTIONS]: opens Socket.IO clients to a benchmark server of this machine, then obeys its\n"
           "standard input (a pipe), line by line, and reports one line of JSON for each on standard output.\n\n" +
           list(load_definitions()) +
           "\nLines understood:\n"
           "  broadcast ROUNDS BURST   each round has the server broadcast BURST events; it ends when all are here\n"
           "  ack ROUNDS               each round has the server ask every client and wait for all answers\n"
           "  quit                     as does the end of the input\n"
           "\nFile limit: clients + 16 (ulimit -n). Exit code: 0 done, 1 failed, 2 wrong usage.\n";
}

std::string server_usage() {
    return "onhand-sio-server [OPTIONS]: a benchmark server on the Socket.IO library. Prints \"listening on PORT\"; "
           "ends\n"
           "with its standard input or SIGTERM. On SIGUSR2 it prints the bytes of heap in use.\n\n" +
           list(server_definitions()) + "\nFile limit: clients + 32 (ulimit -n).\n";
}

}  // namespace onhand::bench::socketio
