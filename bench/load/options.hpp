#pragma once
// What a run of the load generator is asked to do, and how that is read from the command line. Every number has a
// bound, and only this machine may be the target: the tool measures, it is no weapon. Pure; used once, by main.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace onhand::bench {

inline constexpr std::size_t connections_max = 16'384;
inline constexpr std::size_t pipeline_max = 64;
inline constexpr std::size_t skus_max = 1'000'000;
inline constexpr std::size_t lines_max = 200;
inline constexpr double rate_max = 1'000'000.0;
inline constexpr double seconds_max = 600.0;

enum class Mode {
    orders,  // POST /api/v1/orders
    get,     // GET one path again and again
    idle,    // one order, a pause, the next order: how long a single order takes on an idle server
};

enum class Spread { uniform, zipf };

struct Options {
    Mode mode = Mode::orders;
    std::string host = "127.0.0.1";  // a loopback address in digits
    std::uint16_t port = 3000;
    std::string token;  // empty = sign in with email and password, or send none
    std::string email;
    std::string password;
    std::string label;  // repeated in the output

    std::size_t connections = 64;
    std::size_t pipeline = 1;  // requests in flight on each connection
    double rate = 0.0;         // requests per second sent whatever the answers do; 0 = closed loop
    double warmup_s = 2.0;     // before anything is measured
    double duration_s = 10.0;  // measured
    double pause_ms = 20.0;    // of mode idle

    std::string sku = "HOT";  // the article, or the beginning of all SKUs when there are several
    std::size_t skus = 1;     // more: SKU-000000, SKU-000001 …
    Spread spread = Spread::uniform;
    double zipf_exponent = 1.0;
    std::size_t lines_from = 1;  // lines of an order, drawn evenly
    std::size_t lines_to = 1;
    std::uint64_t quantity = 1;                    // of each line
    std::string key_prefix;                        // of the Idempotency-Keys; empty = one that no other run has
    std::uint64_t seed = 1;                        // of everything that is drawn
    std::string path = "/api/v1/stock?limit=100";  // of mode get
    std::string post_path = "/api/v1/orders";      // of the other modes

    bool json = false;
    bool help = false;
};

// The arguments behind the program's name. The error is one line for the user.
Result<Options, std::string> parse_options(std::span<const std::string_view> arguments);

// What --help prints.
std::string usage();

}  // namespace onhand::bench
