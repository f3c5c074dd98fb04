#pragma once
// Batches of new orders for the micro-benchmarks: a working set with products and stock, commands, and what decide()
// makes of them. Used by one benchmark at a time, on its thread; knows no store and no network.

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "base/uuid.hpp"
#include "domain/decide.hpp"

namespace onhand::bench {

class OrderBatches {
  public:
    // Orders over `products` products (SKU "S-000000" …), each with `lines` lines of different products.
    explicit OrderBatches(std::size_t products = 1, std::size_t lines = 1);

    // The rows, as a store would have loaded them.
    domain::WorkingSet& set() { return set_; }
    // The products and their stock as changes, for a store that is to have them.
    domain::Changes catalogue();

    // One order and its random key.
    domain::Command order();
    domain::KeyHash key();

    // Appends what `command` changes. The command must not be refused.
    domain::Outcome judge(const domain::Command& command, const domain::KeyHash& key, domain::Changes& changes);

    // So many orders judged into `changes`, which is emptied first.
    void fill(std::size_t orders, domain::Changes& changes, std::vector<domain::KeyHash>& keys);

  private:
    const std::size_t products_;
    const std::size_t lines_;
    std::mt19937_64 random_{std::random_device()()};  // a key must never come twice, in no run on the same database
    UuidGenerator ids_;
    UnixMillis now_ = 0;
    domain::WorkingSet set_;
};

}  // namespace onhand::bench
