#include "bus/redis/channel.hpp"

#include <utility>

#include "base/ensure.hpp"

#include "bus/redis/prefix.hpp"

namespace onhand::bus::redis {

RedisChannel::RedisChannel(Locator& locator, std::string_view scope, PubSubOptions options)
    : prefix_(prefix_of(scope)), pub_sub_(locator, options) {}

std::string RedisChannel::name_of(Topic topic) const {
    switch (topic) {
        case Topic::feed:
            return prefix_ + "feed";
        case Topic::presence:
            return prefix_ + "presence";
    }
    ensure(false, "a topic has a channel");
    return {};
}

void RedisChannel::subscribe(Topic topic, Listener listener) {
    pub_sub_.subscribe(name_of(topic), std::move(listener));
}

void RedisChannel::on_connected(std::function<void()> callback) {
    pub_sub_.on_connected(std::move(callback));
}

void RedisChannel::start() {
    pub_sub_.start();
}

void RedisChannel::stop() {
    pub_sub_.stop();
}

void RedisChannel::publish(Topic topic, std::string bytes) {
    pub_sub_.publish(name_of(topic), std::move(bytes));
}

bool RedisChannel::connected() const {
    return pub_sub_.connected();
}

}  // namespace onhand::bus::redis
