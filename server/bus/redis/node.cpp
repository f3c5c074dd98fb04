#include "bus/redis/node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "bus/redis/slot.hpp"

namespace onhand::bus::redis {

void Node::fail(std::string_view reason) {
    const std::lock_guard lock(mutex_);
    if (reason_ != reason) log::warn("redis", fmt::format("{} is not used for now: {}", to_string(address_), reason));
    reason_ = reason;
    if (away_.exchange(true, std::memory_order_acq_rel)) return;
    next_trial_ = std::chrono::steady_clock::now() + node_pause;
}

void Node::recover() {
    const std::lock_guard lock(mutex_);
    if (!away_.exchange(false, std::memory_order_acq_rel)) return;
    log::info("redis", fmt::format("{} is used again", to_string(address_)));
    reason_.clear();
}

SteadyTime Node::next_trial() const {
    const std::lock_guard lock(mutex_);
    return next_trial_;
}

void Node::put_off() {
    const std::lock_guard lock(mutex_);
    next_trial_ = std::chrono::steady_clock::now() + node_pause;
}

std::shared_ptr<Node> Topology::node_of(std::string_view key) const {
    if (slots.empty()) return nodes.empty() ? nullptr : nodes.front();
    const auto index = slots[slot_of(key)];
    return index == no_node ? nullptr : nodes[index];
}

std::shared_ptr<Node> Topology::usable_node() const {
    const auto found = std::ranges::find_if(nodes, [](const auto& node) { return node->is_usable(); });
    return found == nodes.end() ? nullptr : *found;
}

bool Topology::contains(const Node& node) const {
    return std::ranges::any_of(nodes, [&node](const auto& one) { return one.get() == &node; });
}

bool Topology::is_whole() const {
    return !nodes.empty() && std::ranges::all_of(nodes, [](const auto& node) { return node->is_usable(); });
}

}  // namespace onhand::bus::redis
