// A Redis of a test's own: starts redis-server on a unix socket in a temporary folder and ends it. For tests only.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace onhand::socketio {

class RedisProcess {
  public:
    // Starts it and returns when it takes connections. Throws std::runtime_error when there is no redis-server or it
    // does not start.
    RedisProcess();
    ~RedisProcess();
    RedisProcess(const RedisProcess&) = delete;
    RedisProcess& operator=(const RedisProcess&) = delete;

    const std::string& socket_path() const { return socket_path_; }

    // Ends it as a power cut would.
    void kill();
    // Starts it again after kill(), with `arguments` besides.
    void start(const std::vector<std::string>& arguments = {});
    // Stops it from answering, with its connections open; resume() lets it go on.
    void pause();
    void resume();

    // Sends one command on a connection of its own and returns the answer as redis-cli would show it, roughly: numbers
    // and text as they are, elements of arrays separated by blanks, errors with "ERROR " before them. Throws when there
    // is no connection.
    std::string command(const std::vector<std::string>& arguments) const;

  private:
    void wait_until_it_says_that_it_is_ready(int output);

    std::string folder_;
    std::string socket_path_;
    pid_t process_ = -1;
    int output_ = -1;
};

}  // namespace onhand::socketio
