#include "bus/redis/testing/redis_cluster.hpp"

#include <algorithm>
#include <stdexcept>

#include "bus/redis/slot.hpp"
#include "bus/redis/testing/lanes.hpp"

namespace onhand::bus::redis {

RedisCluster::RedisCluster(int masters) {
    for (int n = 0; n < masters; ++n) {
        RedisServerOptions options;
        options.arguments = {
            "--cluster-enabled", "yes", "--cluster-node-timeout", "15000", "--cluster-require-full-coverage", "no"};
        nodes_.push_back(std::make_unique<RedisServer>(options));
    }
    const auto share = slot_count / masters + 1;
    for (int n = 0; n < masters; ++n) {
        const auto last = std::min(slot_count - 1, (n + 1) * share - 1);
        auto& node = *nodes_[static_cast<std::size_t>(n)];
        node.command({"CLUSTER", "ADDSLOTSRANGE", std::to_string(n * share), std::to_string(last)});
        node.command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(n + 1)});
        if (n > 0) node.command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[0]->port())});
    }
    if (!eventually([this] { return all_agree(); })) throw std::runtime_error("the cluster does not come about");
}

bool RedisCluster::all_agree() const {
    return std::ranges::all_of(nodes_, [](const auto& node) {
        const auto info = node->command({"CLUSTER", "INFO"});
        return info.find("cluster_state:ok") != std::string::npos &&
               info.find("cluster_slots_assigned:16384") != std::string::npos;
    });
}

std::string RedisCluster::url() const {
    std::string url = "redis+cluster://";
    for (const auto& node : nodes_) url += (url.ends_with('/') ? "" : ",") + node->place();
    return url;
}

std::size_t RedisCluster::node_of(std::string_view sku) const {
    return slot_of(sku) / (slot_count / nodes_.size() + 1);
}

std::string RedisCluster::sku_on(std::size_t index, const std::string& beginning) const {
    for (int n = 0;; ++n) {
        auto sku = beginning + std::to_string(n);
        if (node_of(sku) == index) return sku;
    }
}

std::string RedisCluster::id_of(std::size_t index) const {
    return nodes_[index]->command({"CLUSTER", "MYID"});
}

std::string RedisCluster::slot_text(std::string_view sku) {
    return std::to_string(slot_of(sku));
}

void RedisCluster::move_slot(std::string_view sku, std::size_t from, std::size_t to) {
    nodes_[to]->command({"CLUSTER", "SETSLOT", slot_text(sku), "NODE", id_of(to)});
    nodes_[from]->command({"CLUSTER", "SETSLOT", slot_text(sku), "NODE", id_of(to)});
}

void RedisCluster::begin_migration(std::string_view sku, std::size_t from, std::size_t to) {
    nodes_[to]->command({"CLUSTER", "SETSLOT", slot_text(sku), "IMPORTING", id_of(from)});
    nodes_[from]->command({"CLUSTER", "SETSLOT", slot_text(sku), "MIGRATING", id_of(to)});
}

}  // namespace onhand::bus::redis
