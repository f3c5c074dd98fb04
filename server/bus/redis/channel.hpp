#pragma once
// The channel between instances over Redis pub/sub: "onhand:feed" and "onhand:presence", or with the scope between.
// Made by the program, used by the relay and the live feed; thread-safe. What it cannot send it drops.

#include <string_view>

#include "bus/channel.hpp"
#include "bus/redis/locator.hpp"
#include "bus/redis/pub_sub.hpp"

namespace onhand::bus::redis {

class RedisChannel final : public Channel {
  public:
    // The locator outlives it. `scope` as in prefix_of().
    RedisChannel(Locator& locator, std::string_view scope, PubSubOptions options = {});

    void subscribe(Topic topic, Listener listener) override;
    void on_connected(std::function<void()> callback) override;
    void start() override;
    void stop() override;
    void publish(Topic topic, std::string bytes) override;
    bool connected() const override;

    PubSubStats stats() const { return pub_sub_.stats(); }

  private:
    std::string name_of(Topic topic) const;

    const std::string prefix_;
    PubSub pub_sub_;
};

}  // namespace onhand::bus::redis
