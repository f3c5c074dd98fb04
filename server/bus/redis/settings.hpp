#pragma once
// Where the Redis of several instances is, and the reading of the address people write. Plain data, made by the
// program's configuration, read by everything in bus/redis; any thread. It opens nothing.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace onhand::bus::redis {

struct Endpoint {
    std::string host;  // a name or a numeric address, IPv6 without brackets
    int port = 6379;
    bool operator==(const Endpoint&) const = default;
};

struct Settings {
    enum class Kind : unsigned char { single, sentinel, cluster };

    Kind kind = Kind::single;
    std::vector<Endpoint> endpoints;  // the server; or the Sentinels; or some nodes of the cluster
    std::string unix_path;            // when not empty, instead of endpoints; kind is single
    std::string master_name;          // what the Sentinels call the server; kind is sentinel
    std::string user;                 // empty: the default user
    std::string password;             // empty: no authentication
    std::string sentinel_user;        // of the Sentinels themselves, which have their own
    std::string sentinel_password;
    int database = 0;  // 0 on a cluster, which has no other
};

// A sentence for the operator, without any password.
struct SettingsError {
    std::string message;
};

inline constexpr std::size_t endpoints_max = 64;

// Reads one of
//   redis://[[user]:password@]host[:port][/database]
//   unix://[[user]:password@]/path/to/socket[?database=N]
//   redis+sentinel://[[user]:password@]host[:port],host[:port]…/master-name[/database]
//                                                 [?sentinel_user=…&sentinel_password=…]
//   redis+cluster://[[user]:password@]host[:port],host[:port]…
// User, password and the values after ? may be percent-encoded; IPv6 addresses stand in brackets.
Result<Settings, SettingsError> parse_url(std::string_view url);

}  // namespace onhand::bus::redis
