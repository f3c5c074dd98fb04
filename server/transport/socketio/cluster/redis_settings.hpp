// Where the Redis of a cluster is and how patient to be with it, and the reading of the address people write. Called
// by the program that makes a RedisAdapter; plain data, any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace onhand::socketio {

struct RedisSettings {
    std::string host = "127.0.0.1";
    int port = 6379;
    std::string unix_path;  // when not empty, instead of host and port
    std::string user;       // empty: the default user
    std::string password;   // empty: no authentication
    int database = 0;       // of no consequence for publish and subscribe, but some set-ups refuse others

    std::string prefix = "socket.io";  // of all channels; the same on every server of the cluster

    std::chrono::milliseconds connect_timeout{3000};  // to be connected, authenticated and ready
    std::chrono::milliseconds ping_interval{5000};    // how often a connection is asked whether it still lives
    std::chrono::milliseconds ping_timeout{5000};     // then it has this long for any answer
    std::chrono::milliseconds reconnect_delay_min{50};
    std::chrono::milliseconds reconnect_delay_max{2000};  // the delay doubles up to this

    // What may wait to be published; more is dropped and counted.
    std::size_t queue_messages_max = 10'000;
    std::size_t queue_bytes_max = 32U * 1024 * 1024;
    // Questions without their last answer; more are answered at once, with timed_out.
    std::size_t pending_requests_max = 1000;
};

// A sentence for the operator, without the password.
struct RedisUrlError {
    std::string message;
};

// Reads `redis://[[user]:password@]host[:port][/database]` or `unix://path` into otherwise default settings. User and
// password may be percent-encoded; an IPv6 address stands in brackets.
Result<RedisSettings, RedisUrlError> parse_redis_url(std::string_view url);

}  // namespace onhand::socketio
