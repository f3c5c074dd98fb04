#pragma once
// What a process uses of Redis when it shares its database with others, put together in the order of building.

#include <unistd.h>

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "bus/redis/channel.hpp"
#include "bus/redis/counter.hpp"
#include "bus/redis/locator.hpp"
#include "bus/redis/lock_service.hpp"

namespace onhand::app {

struct RedisParts {
    // `scope` keeps the keys and messages of two databases on one Redis apart. `clock` must outlive the parts.
    RedisParts(const bus::redis::Settings& settings, const std::string& scope, std::chrono::milliseconds lock_lease,
               const Clock& clock)
        : locator(settings, scope),
          channel(locator, scope),
          counter(locator, scope),
          locks(locator, lock_options(scope, lock_lease), clock) {}

    static bus::redis::LockOptions lock_options(const std::string& scope, std::chrono::milliseconds lock_lease) {
        bus::redis::LockOptions options;
        options.scope = scope;
        char host[64] = {};
        gethostname(host, sizeof host - 1);
        options.instance = std::string(host) + "-" + std::to_string(getpid());
        options.lease = lock_lease;
        options.keep_idle = bus::redis::lock_keep_idle;
        return options;
    }

    bus::redis::Locator locator;
    bus::redis::RedisChannel channel;
    bus::redis::RedisCounter counter;
    bus::redis::RedisLockService locks;
};

}  // namespace onhand::app
