#pragma once
// One Redis server as all users of it see it: where it is, and whether it is worth asking. This is the circuit breaker:
// whoever fails to get an answer says so, and then nobody asks until the locator has got one. So a server that is gone
// costs one time-out, not one for each batch. Made by the locator, shared; thread-safe.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bus/redis/address.hpp"
#include "bus/redis/connection.hpp"

namespace onhand::bus::redis {

// How long a server that failed is left alone before it is tried again, and between those trials.
inline constexpr std::chrono::milliseconds node_pause{250};

class Node {
  public:
    explicit Node(Address address) : address_(std::move(address)) {}

    const Address& address() const { return address_; }
    bool is_usable() const { return !away_.load(std::memory_order_acquire); }

    // Takes the server out of use. `reason` is logged when it was in use, or was away for another reason.
    void fail(std::string_view reason);
    // Brings it back.
    void recover();
    // When it may be tried next; only while it is away.
    SteadyTime next_trial() const;
    // It was tried in vain.
    void put_off();

  private:
    const Address address_;
    std::atomic<bool> away_{false};
    mutable std::mutex mutex_;
    std::string reason_;
    SteadyTime next_trial_;
};

// The servers as last seen; never changed once it is made.
struct Topology {
    std::vector<std::shared_ptr<Node>> nodes;  // masters
    // Of a cluster: for each slot the index of its node, or no_node. Empty: the one node has everything.
    std::vector<std::uint16_t> slots;
    static constexpr std::uint16_t no_node = 0xffff;

    // The node that has this key, or null.
    std::shared_ptr<Node> node_of(std::string_view key) const;
    // The first one that is in use, or null.
    std::shared_ptr<Node> usable_node() const;
    bool contains(const Node& node) const;
    // Whether there are nodes, and all are in use.
    bool is_whole() const;
};

}  // namespace onhand::bus::redis
