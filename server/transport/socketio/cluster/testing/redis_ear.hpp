// Listens to one channel of a test's Redis, as a Node server would. For tests only.
#pragma once

#include <memory>
#include <string>

#include "transport/socketio/cluster/testing/redis_process.hpp"

namespace onhand::socketio {

class RedisEar {
  public:
    // Is subscribed when this returns.
    RedisEar(const RedisProcess& redis, const std::string& channel);

    // The next message. Throws std::runtime_error when none comes in time.
    std::string next();

  private:
    std::shared_ptr<void> context_;  // hiredis
};

}  // namespace onhand::socketio
