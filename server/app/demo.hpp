#pragma once
// The demo: fills an empty database with a retail catalogue and replays its first orders, all of it through the real
// HTTP API of the running server. An interrupted fill goes on at the next start: every step has its idempotency key.
// The files are made by tools/demo at build time.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace onhand::app {

inline constexpr const char* demo_email = "demo@onhand.example";
inline constexpr const char* demo_password = "try-onhand-today";
inline constexpr const char* demo_name = "Demo Manager";

struct DemoFiles {
    std::string products;  // CSV in our own format
    std::string orders;    // one JSON object a line
};

// Where the demo data lies: `demo` beside the program, or in the build tree. nullopt when there is none.
std::optional<DemoFiles> find_demo_files(const std::string& program_folder);

struct DemoCounts {
    std::int64_t products = 0;
    std::int64_t orders = 0;
};

// Fills the server that listens on host:port. Registers the demo account when the database has none. Does nothing when
// all is there. The error is one line. Blocks for a few seconds; any thread but the server's own.
Result<DemoCounts, std::string> fill_demo(const DemoFiles& files, const std::string& host, std::uint16_t port);

}  // namespace onhand::app
