#include "transport/socketio/cluster/redis_settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/percent.hpp"

namespace onhand::socketio {
namespace {

constexpr std::string_view tcp_scheme = "redis://";
constexpr std::string_view unix_scheme = "unix://";
constexpr int database_max = 16'383;
// The length of a socket's path is limited by the kernel.
constexpr std::size_t unix_path_bytes_max = 107;

RedisUrlError failure(std::string_view what) {
    return RedisUrlError{"The address of Redis " + std::string(what) +
                         "; it must look like redis://[user:password@]host:port/database " +
                         "or unix:///path/to/socket."};
}

std::optional<int> parse_number(std::string_view text, int min, int max) {
    int number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole =
        !text.empty() && text.front() != '-' && read.ec == std::errc() && read.ptr == text.data() + text.size();
    if (!whole || number < min || number > max) return std::nullopt;
    return number;
}

// Takes "user:password@" off the front of `rest`. The last '@' ends it, so that a password may have one.
bool take_credentials(std::string_view& rest, RedisSettings& settings) {
    const auto end = rest.rfind('@');
    if (end == std::string_view::npos) return true;
    const auto credentials = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto colon = credentials.find(':');
    if (colon == std::string_view::npos) return false;
    const auto user = percent_decoded(credentials.substr(0, colon));
    const auto password = percent_decoded(credentials.substr(colon + 1));
    if (!user || !password || password->empty()) return false;
    settings.user = *user;
    settings.password = *password;
    return true;
}

// "host", "host:port", "[address]" or "[address]:port". Returns what is wrong, or nothing.
std::string_view read_host(std::string_view text, RedisSettings& settings) {
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return "has no ] after its IPv6 address";
        settings.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (!text.empty() && text.front() != ':') return "has something between host and port";
        port = text;
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        settings.host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (settings.host.empty()) return "names no host";
    if (port.empty()) return {};
    const auto number = parse_number(port.substr(1), 1, 65'535);
    if (!number) return "has a port that is no number from 1 to 65535";
    settings.port = *number;
    return {};
}

Result<RedisSettings, RedisUrlError> parse_tcp(std::string_view rest) {
    RedisSettings settings;
    if (!take_credentials(rest, settings)) return failure("has a part before @ that is not user:password");
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto wrong = read_host(rest.substr(0, slash), settings);
    if (!wrong.empty()) return failure(wrong);
    const auto database = rest.substr(std::min(slash + 1, rest.size()));
    if (database.empty()) return settings;
    const auto number = parse_number(database, 0, database_max);
    if (!number) return failure("has a database that is no number from 0 to 16383");
    settings.database = *number;
    return settings;
}

Result<RedisSettings, RedisUrlError> parse_unix(std::string_view path) {
    if (path.empty()) return failure("names no socket");
    if (path.size() > unix_path_bytes_max) return failure("names a socket with a path of more than 107 bytes");
    RedisSettings settings;
    settings.unix_path = path;
    return settings;
}

}  // namespace

Result<RedisSettings, RedisUrlError> parse_redis_url(std::string_view url) {
    if (url.find('\0') != std::string_view::npos) return failure("has a zero byte in it");
    if (url.starts_with(tcp_scheme)) return parse_tcp(url.substr(tcp_scheme.size()));
    if (url.starts_with(unix_scheme)) return parse_unix(url.substr(unix_scheme.size()));
    if (url.starts_with("rediss://")) return failure("asks for TLS, which this server leaves to a tunnel beside it");
    return failure("begins with neither redis:// nor unix://");
}

}  // namespace onhand::socketio
