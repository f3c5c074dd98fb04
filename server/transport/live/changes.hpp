#pragma once
// What is to be told, merged: the newest values of each changed level and the order events of a stretch of the feed.
// One type serves the stretch that an io thread is about to tell all its clients, and the backlog of one client that
// cannot take it yet. Without sockets; one thread at a time.

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "domain/changes.hpp"
#include "domain/feed_batch.hpp"

namespace onhand::live {

struct LevelChange {
    domain::FeedSeq seq = 0;  // of the newest movement merged into it
    domain::StockLevel level;
};

// Shares its memory with the batch it came in: several groups of clients keep the same event.
using OrderEventPtr = std::shared_ptr<const domain::OrderEvent>;

struct ChangeSet {
    std::unordered_map<domain::LevelKey, LevelChange> levels;
    std::vector<OrderEventPtr> orders;  // in feed order

    bool empty() const { return levels.empty() && orders.empty(); }
    std::size_t size() const { return levels.size() + orders.size(); }
    void clear() {
        levels.clear();
        orders.clear();
    }

    // Newer values of a level replace older ones, whatever the order of the calls.
    void add(const LevelChange& change) {
        auto& known = levels[change.level.key];
        if (change.seq > known.seq) known = change;
    }
    // Levels and orders; other items are not told live.
    void add(const domain::FeedItem& item) {
        if (const auto* movement = std::get_if<domain::Movement>(&item))
            add(LevelChange{movement->seq, movement->after});
        else if (const auto* order = std::get_if<domain::OrderEvent>(&item))
            orders.push_back(std::make_shared<const domain::OrderEvent>(*order));
    }
    void add(const domain::FeedBatchPtr& batch) {
        for (const auto& item : batch->items) {
            if (const auto* order = std::get_if<domain::OrderEvent>(&item))
                orders.push_back(OrderEventPtr(batch, order));
            else
                add(item);
        }
    }
};

}  // namespace onhand::live
