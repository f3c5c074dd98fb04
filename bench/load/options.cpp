#include "load/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.hpp"

namespace onhand::bench {
namespace {

using Problem = std::optional<std::string>;

constexpr std::size_t text_bytes_max = 2000;
constexpr std::size_t key_prefix_bytes_max = 64;
constexpr std::uint64_t quantity_max = 1'000'000;

struct Definition {
    std::string_view name;
    std::string_view value;  // what the value is; empty = a switch
    std::string_view help;
    Problem (*set)(std::string_view value, Options& options);
};

template <typename Number>
Problem set_count(std::string_view text, std::uint64_t from, std::uint64_t to, Number& target) {
    const auto number = parse_int(text);
    if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < from ||
        static_cast<std::uint64_t>(*number) > to)
        return fmt::format("must be a whole number from {} to {}", from, to);
    target = static_cast<Number>(*number);
    return std::nullopt;
}

Problem set_real(std::string_view text, double from, double to, double& target) {
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
    if (!whole || number < from || number > to) return fmt::format("must be a number from {} to {}", from, to);
    target = number;
    return std::nullopt;
}

// Texts go into the head or the JSON of a request as they are, so nothing may need escaping.
Problem set_text(std::string_view text, std::size_t bytes_max, std::string& target) {
    const auto plain = [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; };
    if (text.empty() || text.size() > bytes_max || !std::ranges::all_of(text, plain))
        return fmt::format("must be 1 to {} printable ASCII characters without space, quote and backslash", bytes_max);
    target = text;
    return std::nullopt;
}

// "http://127.0.0.1:3000". Loopback addresses only, so that a typing error cannot flood somebody else's machine.
Problem set_url(std::string_view text, Options& options) {
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme)) return "must begin with http://";
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        return "must end with a port, as in http://127.0.0.1:3000";
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(host), error);
    if (error || !address.is_loopback()) return "must name this machine: 127.0.0.1, [::1] or localhost";
    options.host = host;
    return set_count(text.substr(colon + 1), 1, 65535, options.port);
}

Problem set_lines(std::string_view text, Options& options) {
    const auto dash = text.find('-');
    const auto to = dash == std::string_view::npos ? text : text.substr(dash + 1);
    auto problem = set_count(text.substr(0, dash), 1, lines_max, options.lines_from);
    if (!problem) problem = set_count(to, options.lines_from, lines_max, options.lines_to);
    if (problem) return fmt::format("must be a number or a range such as 1-3, at most {}", lines_max);
    return std::nullopt;
}

Problem set_spread(std::string_view text, Options& options) {
    if (text != "uniform" && text != "zipf") return "must be uniform or zipf";
    options.spread = text == "zipf" ? Spread::zipf : Spread::uniform;
    return std::nullopt;
}

Problem set_path(std::string_view text, std::string& path) {
    if (!text.starts_with('/')) return "must begin with /";
    return set_text(text, text_bytes_max, path);
}

// A password may hold anything; it is written as JSON, not copied.
Problem set_password(std::string_view text, Options& options) {
    options.password = text;
    return std::nullopt;
}

// The table of all options.
constexpr auto definitions = std::to_array<Definition>({
    {"--url", "URL", "the server, on this machine (default http://127.0.0.1:3000)", set_url},
    {"--token", "TOKEN", "bearer token of the requests",
     [](auto text, auto& options) { return set_text(text, text_bytes_max, options.token); }},
    {"--email", "EMAIL", "sign in with this account to get a token",
     [](auto text, auto& options) { return set_text(text, text_bytes_max, options.email); }},
    {"--password", "PASSWORD", "its password", set_password},
    {"--connections", "N", "connections (default 64)",
     [](auto text, auto& options) { return set_count(text, 1, connections_max, options.connections); }},
    {"--pipeline", "N", "requests in flight on each connection (default 1)",
     [](auto text, auto& options) { return set_count(text, 1, pipeline_max, options.pipeline); }},
    {"--rate", "R", "open loop: R requests a second; latency counts from when a request was due",
     [](auto text, auto& options) { return set_real(text, 0.1, rate_max, options.rate); }},
    {"--warmup", "S", "seconds before the measurement (default 2)",
     [](auto text, auto& options) { return set_real(text, 0.0, seconds_max, options.warmup_s); }},
    {"--duration", "S", "seconds measured (default 10)",
     [](auto text, auto& options) { return set_real(text, 0.05, seconds_max, options.duration_s); }},
    {"--pause", "MS", "mode idle: the pause between two orders (default 20)",
     [](auto text, auto& options) { return set_real(text, 0.0, 10'000.0, options.pause_ms); }},
    {"--sku", "SKU", "the article of the orders, or the beginning of all SKUs (default HOT)",
     [](auto text, auto& options) { return set_text(text, 32, options.sku); }},
    {"--skus", "N", "spread the orders over SKU-000000 to SKU-(N-1) (default 1: the SKU alone)",
     [](auto text, auto& options) { return set_count(text, 1, skus_max, options.skus); }},
    {"--spread", "KIND", "uniform or zipf (default uniform)", set_spread},
    {"--zipf-exponent", "S", "how steep zipf is (default 1)",
     [](auto text, auto& options) { return set_real(text, 0.1, 4.0, options.zipf_exponent); }},
    {"--lines", "A-B", "lines of an order (default 1)", set_lines},
    {"--quantity", "N", "units of each line (default 1)",
     [](auto text, auto& options) { return set_count(text, 1, quantity_max, options.quantity); }},
    {"--key-prefix", "TEXT", "beginning of the Idempotency-Keys (default: one that no other run has)",
     [](auto text, auto& options) { return set_text(text, key_prefix_bytes_max, options.key_prefix); }},
    {"--seed", "N", "of what is drawn (default 1)",
     [](auto text, auto& options) { return set_count(text, 0, INT64_MAX, options.seed); }},
    {"--path", "PATH", "mode get: what is asked for (default /api/v1/stock?limit=100)",
     [](auto text, auto& options) { return set_path(text, options.path); }},
    {"--post-path", "PATH", "modes orders and idle: where orders are sent to (default /api/v1/orders)",
     [](auto text, auto& options) { return set_path(text, options.post_path); }},
    {"--label", "TEXT", "a name of the run, for the output",
     [](auto text, auto& options) { return set_text(text, 64, options.label); }},
    {"--json", "", "print JSON",
     [](auto, auto& options) -> Problem {
         options.json = true;
         return std::nullopt;
     }},
    {"--help", "", "print this",
     [](auto, auto& options) -> Problem {
         options.help = true;
         return std::nullopt;
     }},
});

Problem set_mode(std::string_view text, Options& options) {
    if (text == "orders") {
        options.mode = Mode::orders;
    } else if (text == "get") {
        options.mode = Mode::get;
    } else if (text == "idle") {
        options.mode = Mode::idle;
        options.connections = 1;
    } else {
        return fmt::format("unknown mode {}: orders, get or idle", text);
    }
    return std::nullopt;
}

// What only shows when everything is read.
Problem judge(const Options& options) {
    if (options.lines_to > options.skus && options.lines_to > 1) return "--lines: more lines than --skus";
    if (options.email.empty() != options.password.empty()) return "--email and --password go together";
    if (!options.token.empty() && !options.email.empty()) return "--token and --email exclude each other";
    if (options.mode == Mode::idle && (options.rate > 0.0 || options.connections != 1 || options.pipeline != 1))
        return "mode idle has one request at a time: no --rate, --connections or --pipeline";
    return std::nullopt;
}

}  // namespace

Result<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    const auto wrong = [](std::string line) {
        return Result<Options, std::string>(boost::system::in_place_error, std::move(line));
    };
    Options options;
    if (arguments.empty()) return wrong("a mode is missing: orders, get or idle (see --help)");
    if (!arguments.front().starts_with("--")) {
        if (auto problem = set_mode(arguments.front(), options)) return wrong(std::move(*problem));
        arguments = arguments.subspan(1);
    } else if (arguments.front() != "--help") {
        return wrong("the mode comes first: orders, get or idle (see --help)");
    }
    while (!arguments.empty()) {
        const auto name = arguments.front();
        const auto* const found = std::ranges::find(definitions, name, &Definition::name);
        if (found == definitions.end()) return wrong(fmt::format("unknown option {} (see --help)", name));
        arguments = arguments.subspan(1);
        std::string_view value;
        if (!found->value.empty()) {
            if (arguments.empty()) return wrong(fmt::format("{} needs a value", name));
            value = arguments.front();
            arguments = arguments.subspan(1);
        }
        if (const auto problem = found->set(value, options)) return wrong(fmt::format("{} {}", name, *problem));
    }
    if (auto problem = judge(options)) return wrong(std::move(*problem));
    return options;
}

std::string usage() {
    std::string text =
        "onhand-load MODE [OPTIONS]: puts load on an Onhand server of this machine and measures latencies.\n\n"
        "  orders   places orders\n"
        "  get      asks for one path\n"
        "  idle     places one order at a time, with a pause between\n\n";
    for (const auto& definition : definitions)
        text += fmt::format("  {:<24} {}\n", fmt::format("{} {}", definition.name, definition.value), definition.help);
    return text + "\nExit code: 0 done, 1 something was lost or no request succeeded, 2 wrong usage.\n";
}

}  // namespace onhand::bench
