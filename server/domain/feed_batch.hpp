#pragma once
// A committed batch as it leaves the engine: the feed items with their numbers, shared by everybody who listens.
// Immutable once published; any thread.

#include <memory>
#include <vector>

#include "domain/changes.hpp"

namespace onhand::domain {

struct FeedBatch {
    FeedSeq first = 0;  // number of items.front()
    std::vector<FeedItem> items;
    FeedSeq last() const { return first + static_cast<FeedSeq>(items.size()) - 1; }
};

using FeedBatchPtr = std::shared_ptr<const FeedBatch>;

}  // namespace onhand::domain
