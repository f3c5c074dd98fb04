#include "app/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "base/ensure.hpp"
#include "base/text.hpp"

extern char** environ;

namespace onhand::app {

namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr unsigned io_threads_max = 64;
constexpr unsigned lanes_max = 16;
constexpr unsigned database_wait_max = 3600;
constexpr std::int64_t lock_lease_ms_max = 60'000;

bool is_postgres(std::string_view url) {
    return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Problem set_number(std::string_view value, std::int64_t min, std::int64_t max,
                   const std::function<void(std::int64_t)>& set) {
    const auto number = parse_int(value);
    if (!number || *number < min || *number > max) return fmt::format("must be a whole number from {} to {}", min, max);
    set(*number);
    return std::nullopt;
}

Problem set_flag(std::string_view value, bool& flag) {
    if (value == "1" || value == "true" || value == "yes")
        flag = true;
    else if (value == "0" || value == "false" || value == "no" || value.empty())
        flag = false;
    else
        return "must be true or false";
    return std::nullopt;
}

Problem set_database(std::string_view value, Config& config) {
    const bool sqlite = value.starts_with(sqlite_scheme) && value.size() > sqlite_scheme.size();
    if (!sqlite && !is_postgres(value)) return "must be sqlite:PATH or postgresql://USER@HOST/DATABASE";
    config.database = value;
    return std::nullopt;
}

Problem set_registration(std::string_view value, Config& config) {
    if (value == "first")
        config.registration = http::Registration::first;
    else if (value == "open")
        config.registration = http::Registration::open;
    else
        return "must be first or open";
    return std::nullopt;
}

Problem set_log_level(std::string_view value, Config& config) {
    static constexpr std::string_view levels[] = {"debug", "info", "warn", "error", "off"};
    if (std::find(std::begin(levels), std::end(levels), value) == std::end(levels))
        return "must be debug, info, warn, error or off";
    config.log_level = value;
    return std::nullopt;
}

// The same single Redis, for the Socket.IO adapter.
socketio::RedisSettings adapter_settings(const bus::redis::Settings& redis) {
    socketio::RedisSettings settings;
    if (!redis.endpoints.empty()) {
        settings.host = redis.endpoints.front().host;
        settings.port = redis.endpoints.front().port;
    }
    settings.unix_path = redis.unix_path;
    settings.user = redis.user;
    settings.password = redis.password;
    settings.database = redis.database;
    return settings;
}

Problem set_redis(std::string_view value, Config& config) {
    config.redis.reset();
    config.socketio_redis.reset();
    if (value.empty()) return std::nullopt;
    auto settings = bus::redis::parse_url(value);
    if (!settings) return settings.error().message;
    config.redis = std::move(*settings);
    // The Socket.IO adapter knows neither Sentinels nor clusters.
    if (config.redis->kind != bus::redis::Settings::Kind::single) return std::nullopt;
    config.socketio_redis = adapter_settings(*config.redis);
    return std::nullopt;
}

Problem set_locks(std::string_view value, Config& config) {
    if (value != "on" && value != "off") return "must be on or off";
    config.locks = value == "on";
    return std::nullopt;
}

Problem set_pooler(std::string_view value, Config& config) {
    if (value != "session" && value != "transaction") return "must be session or transaction";
    config.transaction_pooler = value == "transaction";
    return std::nullopt;
}

Problem set_proxies(std::string_view value, Config& config) {
    auto proxies = http::TrustedProxies::parse(value);
    if (!proxies) return "must be a comma-separated list of addresses or networks such as 127.0.0.1,10.0.0.0/8";
    config.trusted_proxies = std::move(*proxies);
    return std::nullopt;
}

Problem set_origins(std::string_view value, Config& config) {
    config.allowed_origins.clear();
    while (!value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        const auto origin = trimmed(value.substr(0, comma));
        value.remove_prefix(std::min(comma + 1, value.size()));
        const auto host = origin.find("://");
        const bool scheme_ok = origin.starts_with("http://") || origin.starts_with("https://");
        if (!scheme_ok || origin.find('/', host + 3) != std::string_view::npos || origin.size() == host + 3)
            return "must be a comma-separated list of origins such as https://shop.example";
        config.allowed_origins.emplace_back(origin);
    }
    return std::nullopt;
}

struct Definition {
    Setting setting;
    Problem (*set)(std::string_view value, Config& config);
};

const std::vector<Definition>& definitions() {
    static const std::vector<Definition> all{
        {{"host", "ONHAND_HOST", "address to listen on (default 127.0.0.1)"},
         [](std::string_view value, Config& config) -> Problem {
             if (value.empty()) return "must not be empty";
             config.host = value;
             return std::nullopt;
         }},
        {{"port", "PORT", "port to listen on (default 3000)"},
         [](std::string_view value, Config& config) {
             return set_number(value, 1, 65535, [&](auto number) { config.port = static_cast<std::uint16_t>(number); });
         }},
        {{"database", "DATABASE_URL", "where the data lies (default sqlite:data/onhand.db)"}, set_database},
        {{"database-wait", "ONHAND_DATABASE_WAIT",
          "seconds that a start waits for a PostgreSQL that is not up yet, 0 to 3600 (default 60)"},
         [](std::string_view value, Config& config) {
             return set_number(value, 0, database_wait_max,
                               [&](auto number) { config.database_wait = std::chrono::seconds(number); });
         }},
        {{"redis", "REDIS_URL", "Redis of several instances and other programs (default none)"}, set_redis},
        {{"lanes", "ONHAND_LANES", "transactions at a time on PostgreSQL, 1 to 16 (default 2)"},
         [](std::string_view value, Config& config) {
             return set_number(value, 1, lanes_max, [&](auto number) { config.lanes = static_cast<unsigned>(number); });
         }},
        {{"locks", "ONHAND_LOCKS", "product locks in Redis: on or off (default on)"}, set_locks},
        {{"lock-lease-ms", "ONHAND_LOCK_LEASE_MS",
          "a product lock ends by itself after this, 1 to 60000 (default 2000)"},
         [](std::string_view value, Config& config) {
             return set_number(value, 1, lock_lease_ms_max, [&](auto number) { config.lock_lease_ms = number; });
         }},
        {{"database-pooler", "ONHAND_DATABASE_POOLER",
          "how PgBouncer between here and PostgreSQL pools: session or transaction (default session)"},
         set_pooler},
        {{"registration", "ONHAND_REGISTRATION", "who may register: first (only the first account) or open"},
         set_registration},
        {{"log-level", "ONHAND_LOG_LEVEL", "debug, info, warn, error or off (default info)"}, set_log_level},
        {{"demo", "ONHAND_DEMO", "fill an empty database with the demo catalogue"},
         [](std::string_view value, Config& config) { return set_flag(value, config.demo); }},
        {{"io-threads", "ONHAND_IO_THREADS", "network threads, 1 to 64 (default 1)"},
         [](std::string_view value, Config& config) {
             return set_number(value, 1, io_threads_max,
                               [&](auto number) { config.io_threads = static_cast<unsigned>(number); });
         }},
        {{"web", "ONHAND_WEB", "folder of the page (default: web beside the program)"},
         [](std::string_view value, Config& config) -> Problem {
             config.web = value;
             return std::nullopt;
         }},
        {{"behind-tls", "ONHAND_BEHIND_TLS", "a proxy in front speaks TLS: Secure cookies, HSTS"},
         [](std::string_view value, Config& config) { return set_flag(value, config.behind_tls); }},
        {{"trusted-proxies", "ONHAND_TRUSTED_PROXIES",
          "addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas"},
         set_proxies},
        {{"allowed-origins", "ONHAND_ALLOWED_ORIGINS", "further origins of the page, separated by commas"},
         set_origins},
    };
    return all;
}

const Definition* find_variable(std::string_view variable) {
    for (const auto& definition : definitions())
        if (definition.setting.variable == variable) return &definition;
    return nullptr;
}

bool is_ours(std::string_view variable) {
    // The tests set these to steer themselves; they are no settings.
    static constexpr std::string_view ignored[] = {"ONHAND_SEED", "ONHAND_BINARY", "ONHAND_SIO_ECHO"};
    if (std::find(std::begin(ignored), std::end(ignored), variable) != std::end(ignored)) return false;
    return variable.starts_with("ONHAND_") || find_variable(variable) != nullptr;
}

// Applies one source over what the weaker sources said.
Problem apply_source(const Values& values, std::string_view source, Config& config) {
    for (const auto& [variable, value] : values) {
        const auto* definition = find_variable(variable);
        if (definition == nullptr) {
            // A .env file may serve other programs too; only names that claim to be ours must be known.
            if (!is_ours(variable)) continue;
            return fmt::format("unknown setting {} in {}", variable, source);
        }
        if (const auto problem = definition->set(value, config)) {
            // A URL may hold a password, which is nobody's business in a log.
            const std::string_view shown = value.find('@') == std::string::npos ? std::string_view(value) : "…";
            return fmt::format("{} {} (from {}, is \"{}\")", variable, *problem, source, shown);
        }
    }
    return std::nullopt;
}

}  // namespace

bool Config::is_shared() const {
    return is_postgres(database);
}

std::string Config::shown_database() const {
    if (!is_shared()) return database;
    const auto scheme = database.find("://") + 3;
    const auto rest = database.substr(scheme);
    const auto at = rest.substr(0, rest.find('/')).rfind('@');
    const auto shown = at == std::string::npos ? rest : rest.substr(at + 1);
    return database.substr(0, scheme) + shown.substr(0, shown.find('?'));
}

std::string Config::sqlite_path() const {
    ensure(!is_shared(), "the database is a file");
    return database.substr(sqlite_scheme.size());
}

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = [] {
        std::vector<Setting> made;
        for (const auto& definition : definitions()) made.push_back(definition.setting);
        return made;
    }();
    return all;
}

Result<Values, std::string> read_env_file(const std::string& path) {
    Values values;
    std::ifstream file(path);
    if (!file) return values;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        auto text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        if (text.starts_with("export ")) text = trimmed(text.substr(7));
        const auto equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return fmt::format("{}:{}: expected NAME=VALUE", path, number);
        auto value = trimmed(text.substr(equals + 1));
        const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
        if (quoted && value.back() != value.front()) return fmt::format("{}:{}: the quote does not end", path, number);
        if (quoted) value = value.substr(1, value.size() - 2);
        values[std::string(trimmed(text.substr(0, equals)))] = value;
    }
    return values;
}

Values read_environment() {
    Values values;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = text.substr(0, equals);
        if (is_ours(name)) values[std::string(name)] = text.substr(equals + 1);
    }
    return values;
}

Result<Config, std::string> make_config(const Values& flags, const Values& environment, const Values& env_file) {
    Config config;
    if (auto problem = apply_source(env_file, ".env", config))
        return Result<Config, std::string>(boost::system::in_place_error, std::move(*problem));
    if (auto problem = apply_source(environment, "the environment", config))
        return Result<Config, std::string>(boost::system::in_place_error, std::move(*problem));
    if (auto problem = apply_source(flags, "the command line", config))
        return Result<Config, std::string>(boost::system::in_place_error, std::move(*problem));
    return config;
}

}  // namespace onhand::app
