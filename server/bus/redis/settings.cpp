#include "bus/redis/settings.hpp"

#include <algorithm>
#include <optional>

#include "base/percent.hpp"
#include "base/text.hpp"

namespace onhand::bus::redis {
namespace {

constexpr int port_max = 65'535;
constexpr int database_max = 16'383;
constexpr int sentinel_port = 26'379;
// The length of a socket's path is limited by the kernel.
constexpr std::size_t unix_path_bytes_max = 107;

SettingsError failure(std::string_view what) {
    return SettingsError{"The address of Redis " + std::string(what) +
                         "; it must look like redis://[user:password@]host:port/database, unix:///path/to/socket, "
                         "redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379."};
}

std::optional<int> parse_number(std::string_view text, int max) {
    const auto number = parse_int(text);
    if (!number || text.starts_with('-') || *number > max) return std::nullopt;
    return static_cast<int>(*number);
}

// Cuts `text` at the first `mark` and returns what follows it; nothing follows when there is none.
std::string_view cut(std::string_view& text, char mark) {
    const auto at = std::min(text.find(mark), text.size());
    const auto rest = text.substr(std::min(at + 1, text.size()));
    text = text.substr(0, at);
    return rest;
}

// Takes "user:password@" off the front. The last '@' ends it, so that a password may have one. What each of these
// readers returns is what is wrong, or nothing.
std::string_view take_credentials(std::string_view& rest, Settings& settings) {
    const auto end = rest.rfind('@');
    if (end == std::string_view::npos) return {};
    auto user = rest.substr(0, end);
    const bool has_password = user.find(':') != std::string_view::npos;
    const auto password = cut(user, ':');
    rest.remove_prefix(end + 1);
    const auto plain_user = percent_decoded(user);
    const auto plain_password = percent_decoded(password);
    if (!has_password || !plain_user || !plain_password || plain_password->empty()) {
        return "has a part before @ that is not user:password";
    }
    settings.user = *plain_user;
    settings.password = *plain_password;
    return {};
}

// "host", "host:port", "[address]" or "[address]:port".
std::string_view read_endpoint(std::string_view text, int default_port, Settings& settings) {
    Endpoint endpoint{{}, default_port};
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return "has no ] after its IPv6 address";
        endpoint.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (!text.empty() && text.front() != ':') return "has something between host and port";
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        endpoint.host = text.substr(0, colon);
        text.remove_prefix(colon);
    }
    if (endpoint.host.empty()) return "names no host";
    if (endpoint.host.find_first_of(" ,/?#") != std::string::npos) return "has a host that can be none";
    if (!text.empty()) {
        const auto port = parse_number(text.substr(1), port_max);
        if (!port || *port == 0) return "has a port that is no number from 1 to 65535";
        endpoint.port = *port;
    }
    if (settings.endpoints.size() == endpoints_max) return "names more than 64 hosts";
    settings.endpoints.push_back(std::move(endpoint));
    return {};
}

std::string_view read_endpoints(std::string_view text, int default_port, Settings& settings) {
    do {
        auto one = text;
        const auto others = cut(one, ',');
        const auto wrong = read_endpoint(one, default_port, settings);
        if (!wrong.empty()) return wrong;
        const bool ends_in_comma = others.empty() && one.size() < text.size();
        if (ends_in_comma) return "names no host";
        text = others;
    } while (!text.empty());
    return {};
}

std::string_view read_database(std::string_view text, Settings& settings) {
    if (text.empty()) return {};
    const auto number = parse_number(text, database_max);
    if (!number) return "has a database that is no number from 0 to 16383";
    settings.database = *number;
    return {};
}

std::string_view read_options(std::string_view text, Settings& settings) {
    while (!text.empty()) {
        const auto others = cut(text, '&');
        auto name = text;
        const auto value = percent_decoded(cut(name, '='));
        if (!value) return "has a value after ? that is not percent-encoded well";
        if (name == "database" && settings.kind == Settings::Kind::single) {
            if (const auto wrong = read_database(*value, settings); !wrong.empty()) return wrong;
        } else if (name == "sentinel_user" && settings.kind == Settings::Kind::sentinel) {
            settings.sentinel_user = *value;
        } else if (name == "sentinel_password" && settings.kind == Settings::Kind::sentinel) {
            settings.sentinel_password = *value;
        } else {
            return "has an option after ? that is not known";
        }
        text = others;
    }
    return {};
}

std::string_view read_single(std::string_view rest, Settings& settings) {
    if (const auto wrong = take_credentials(rest, settings); !wrong.empty()) return wrong;
    const auto options = cut(rest, '?');
    const auto database = cut(rest, '/');
    if (const auto wrong = read_endpoint(rest, Endpoint{}.port, settings); !wrong.empty()) return wrong;
    if (const auto wrong = read_database(database, settings); !wrong.empty()) return wrong;
    return read_options(options, settings);
}

std::string_view read_unix(std::string_view rest, Settings& settings) {
    if (const auto wrong = take_credentials(rest, settings); !wrong.empty()) return wrong;
    const auto options = cut(rest, '?');
    if (rest.empty()) return "names no socket";
    if (rest.size() > unix_path_bytes_max) return "names a socket with a path of more than 107 bytes";
    settings.unix_path = rest;
    return read_options(options, settings);
}

std::string_view read_sentinel(std::string_view rest, Settings& settings) {
    settings.kind = Settings::Kind::sentinel;
    const auto options = cut(rest, '?');
    if (const auto wrong = take_credentials(rest, settings); !wrong.empty()) return wrong;
    auto name = cut(rest, '/');
    const auto database = cut(name, '/');
    if (name.empty()) return "does not say after its hosts what the Sentinels call the master";
    settings.master_name = name;
    if (const auto wrong = read_endpoints(rest, sentinel_port, settings); !wrong.empty()) return wrong;
    if (const auto wrong = read_database(database, settings); !wrong.empty()) return wrong;
    return read_options(options, settings);
}

std::string_view read_cluster(std::string_view rest, Settings& settings) {
    settings.kind = Settings::Kind::cluster;
    if (const auto wrong = take_credentials(rest, settings); !wrong.empty()) return wrong;
    const auto options = cut(rest, '?');
    const auto database = cut(rest, '/');
    if (!database.empty() && database != "0") return "has a database, which a Redis Cluster does not have";
    if (const auto wrong = read_endpoints(rest, Endpoint{}.port, settings); !wrong.empty()) return wrong;
    return read_options(options, settings);
}

struct Form {
    std::string_view scheme;
    std::string_view (*read)(std::string_view rest, Settings& settings);
};
constexpr Form forms[] = {{"redis://", read_single},
                          {"unix://", read_unix},
                          {"redis+sentinel://", read_sentinel},
                          {"redis+cluster://", read_cluster}};

}  // namespace

Result<Settings, SettingsError> parse_url(std::string_view url) {
    if (url.find('\0') != std::string_view::npos) return failure("has a zero byte in it");
    if (url.starts_with("rediss://")) return failure("asks for TLS, which this server leaves to a tunnel beside it");
    for (const auto& form : forms) {
        if (!url.starts_with(form.scheme)) continue;
        Settings settings;
        const auto wrong = form.read(url.substr(form.scheme.size()), settings);
        if (!wrong.empty()) return failure(wrong);
        return settings;
    }
    return failure("begins with none of redis://, unix://, redis+sentinel:// and redis+cluster://");
}

}  // namespace onhand::bus::redis
