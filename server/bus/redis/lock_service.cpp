#include "bus/redis/lock_service.hpp"

#include <fmt/format.h>

#include <random>

#include "bus/redis/lock_viewer.hpp"
#include "bus/redis/prefix.hpp"

namespace onhand::bus::redis {
namespace {

constexpr std::size_t instance_bytes_max = 40;

// The owner is part of channel names and of what the script takes apart.
std::string plain_name(std::string_view instance) {
    std::string name(instance.substr(0, instance_bytes_max));
    for (auto& letter : name) {
        const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9') || letter == '.';
        if (!is_plain) letter = '-';
    }
    return name.empty() ? "onhand" : name;
}

std::string new_owner(std::string_view instance, int lane) {
    std::random_device random;
    return fmt::format("{}.{}.{:08x}{:08x}", plain_name(instance), lane, random(), random());
}

}  // namespace

RedisLockService::RedisLockService(Locator& locator, LockOptions options, const Clock& clock)
    : ear_(locator, PubSubOptions{.publishes = false}),
      surroundings_{locator, ear_, clock, std::move(options), {}, {}} {
    surroundings_.prefix = prefix_of(surroundings_.options.scope);
    // What was told before may have been missed.
    ear_.on_connected([this] {
        const std::lock_guard lock(mutex_);
        for (const auto& lane : lanes_) lane->tell_stale();
    });
    ear_.start();
}

RedisLockService::~RedisLockService() {
    ear_.stop();
}

std::unique_ptr<ProductLocks> RedisLockService::locks_of_lane(int lane) {
    const auto owner = new_owner(surroundings_.options.instance, lane);
    const auto signals = std::make_shared<LaneSignals>(surroundings_.clock);
    {
        const std::lock_guard lock(mutex_);
        lanes_.push_back(signals);
    }
    ear_.subscribe(surroundings_.prefix + "want:" + owner, [signals](auto sku) { signals->tell_wanted(sku); });
    ear_.subscribe(surroundings_.prefix + "free:" + owner, [signals](auto sku) { signals->tell_free(sku); });
    ear_.subscribe(surroundings_.prefix + "have:" + owner, [signals](std::string_view gift) {
        if (!gift.empty()) signals->tell_given(gift.substr(1), gift.front() == '+');
    });
    return std::make_unique<RedisProductLocks>(surroundings_, owner, signals);
}

std::vector<LockView> RedisLockService::held(std::size_t limit) {
    return view_locks(surroundings_.locator, surroundings_.prefix, limit,
                      std::chrono::steady_clock::now() + surroundings_.options.call_max);
}

LockStats RedisLockService::stats() const {
    const auto& counters = surroundings_.counters;
    return LockStats{.acquired = counters.acquired,
                     .refused = counters.refused,
                     .away = counters.away,
                     .handed_over = counters.handed_over,
                     .connected = surroundings_.locator.connected()};
}

}  // namespace onhand::bus::redis
