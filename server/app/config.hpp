#pragma once
// The settings of `onhand serve` and where they come from: flags, else the environment, else a .env file, else the
// default. Unknown ONHAND_* names and bad values stop the start with one clear line (exit code 2). Pure but for reading
// the .env file; used once, at start, by the main thread.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "bus/redis/settings.hpp"
#include "transport/http/options.hpp"
#include "transport/socketio/cluster/redis_settings.hpp"

namespace onhand::app {

struct Config {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3000;
    std::string database = "sqlite:data/onhand.db";
    std::optional<bus::redis::Settings> redis;              // by which instances hear of each other
    std::optional<socketio::RedisSettings> socketio_redis;  // the same for the Socket.IO adapter; a single Redis only
    std::chrono::seconds database_wait{60};                 // of `serve`, for a PostgreSQL that is not up yet
    unsigned lanes = 2;                                     // of PostgreSQL, 1 to 16
    bool locks = true;                                      // product locks in Redis
    std::int64_t lock_lease_ms = 2000;                      // 1 to 60 000
    bool transaction_pooler = false;                        // PgBouncer in transaction mode lies between
    http::Registration registration = http::Registration::first;
    std::string log_level = "info";
    bool demo = false;
    unsigned io_threads = 1;                   // 1 to 64
    std::string web;                           // folder of the page; empty = "web" beside the program
    bool behind_tls = false;                   // a proxy in front speaks TLS: Secure cookies, HSTS
    http::TrustedProxies trusted_proxies;      // whose X-Forwarded-For is believed
    std::vector<std::string> allowed_origins;  // besides the server's own

    // Several processes may share the database.
    bool is_shared() const;
    // The database as it may be shown to anybody: without user and password.
    std::string shown_database() const;
    // The file behind `sqlite:PATH`.
    std::string sqlite_path() const;
};

// One setting: its flag and its name in the environment.
struct Setting {
    std::string_view flag;
    std::string_view variable;
    std::string_view help;
};
const std::vector<Setting>& settings();

// Values by variable name.
using Values = std::map<std::string, std::string>;

// Reads `KEY=VALUE` lines; blank lines, `#` comments, `export ` and matching quotes are understood. The error names the
// line. A missing file is no values.
Result<Values, std::string> read_env_file(const std::string& path);

// The values of the process environment that belong to Onhand: the known names, and whatever begins with ONHAND_.
Values read_environment();

// Puts the sources together and checks every value. The error is the one line to show.
Result<Config, std::string> make_config(const Values& flags, const Values& environment, const Values& env_file);

}  // namespace onhand::app
