#pragma once
// Reads from Redis who holds which product's lock and who waits, for people to look at. Called by the lock service;
// any thread.

#include <string_view>
#include <vector>

#include "bus/lock.hpp"
#include "bus/redis/locator.hpp"

namespace onhand::bus::redis {

// By SKU, at most `limit`. Makes connections of its own; blocks until the deadline at most, and gives what it has by
// then.
std::vector<LockView> view_locks(Locator& locator, std::string_view prefix, std::size_t limit, SteadyTime deadline);

}  // namespace onhand::bus::redis
