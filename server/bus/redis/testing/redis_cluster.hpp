#pragma once
// A real Redis Cluster of masters without replicas, of a test's own. For tests only.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/redis/testing/redis_server.hpp"

namespace onhand::bus::redis {

class RedisCluster {
  public:
    // Starts the nodes, deals the slots out and waits until all agree.
    explicit RedisCluster(int masters = 3);

    RedisServer& node(std::size_t index) { return *nodes_[index]; }
    std::size_t size() const { return nodes_.size(); }
    // "redis+cluster://" and all nodes.
    std::string url() const;
    // Who has the slot of a product, as dealt out at first.
    std::size_t node_of(std::string_view sku) const;
    // A SKU that begins with `beginning` and belongs to a node.
    std::string sku_on(std::size_t index, const std::string& beginning = "S") const;

    // Gives the slot of a product to another node, as far as both of them are concerned. Its keys stay behind.
    void move_slot(std::string_view sku, std::size_t from, std::size_t to);
    // The slot is on its way: keys that are not there any more are asked for at the other.
    void begin_migration(std::string_view sku, std::size_t from, std::size_t to);

  private:
    std::string id_of(std::size_t index) const;
    static std::string slot_text(std::string_view sku);
    bool all_agree() const;

    std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace onhand::bus::redis
