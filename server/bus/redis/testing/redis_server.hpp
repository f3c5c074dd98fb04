#pragma once
// Real Redis servers of a test's own: standalone, replica, Sentinel or cluster node, on a free port of 127.0.0.1 in a
// temporary folder. Ended when the test ends, however it ends. For tests only.

#include <sys/types.h>

#include <string>
#include <vector>

#include "bus/redis/connection.hpp"

namespace onhand::bus::redis {

struct RedisServerOptions {
    std::vector<std::string> arguments;    // besides those that make it private, as on the command line
    std::vector<std::string> environment;  // "NAME=value"
    std::string config;                    // text of a configuration file, which the server may write to
    bool is_sentinel = false;
};

class RedisServer {
  public:
    // Starts it and returns when it takes connections. Throws std::runtime_error when it does not start.
    explicit RedisServer(RedisServerOptions options = {});
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    int port() const { return port_; }
    // "127.0.0.1:port"
    std::string place() const;
    // "redis://127.0.0.1:port" and what follows, such as "/3".
    std::string url(const std::string& rest = {}) const;
    const std::string& folder() const { return folder_; }

    // Ends it as a power cut would, and starts it again on the same port.
    void kill();
    void start();
    // Stops it from answering, with its connections open; resume() lets it go on.
    void pause();
    void resume();

    // One command on a connection of its own; the answer in words: numbers and text as they are, elements of arrays
    // separated by blanks, "nil", errors with "ERROR " before them. Throws when there is no answer.
    std::string command(const std::vector<std::string>& arguments) const;
    // The count of calls of a command so far, from INFO commandstats.
    int calls_of(const std::string& name) const;

    // The login of command(); the default user without a password at first.
    Login login;

  private:
    const RedisServerOptions options_;
    std::string folder_;
    int port_ = 0;
    pid_t process_ = -1;
    int output_ = -1;
};

// A port that nobody has at the moment, nor the one 10000 above it, and that no outgoing connection gets; not given
// twice by one process.
int free_port();

}  // namespace onhand::bus::redis
