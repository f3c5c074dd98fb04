#pragma once
// The place of one Redis server as a socket wants it: a numeric address or a path. The look-up of names is here too; it
// may block for as long as the system's resolver likes, so only the thread of the locator does it.

#include <string>

#include "bus/redis/settings.hpp"

namespace onhand::bus::redis {

struct Address {
    std::string host;  // numeric
    int port = 0;
    std::string unix_path;  // when not empty, instead of host and port
    bool operator==(const Address&) const = default;
};

// For the log: "127.0.0.1:6379", "[::1]:6379" or the path.
std::string to_string(const Address& address);

// The first address of a host that has one; an empty host when there is none. Blocks.
Address resolve(const Endpoint& endpoint);

}  // namespace onhand::bus::redis
