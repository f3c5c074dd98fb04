#pragma once
// The bus port: what others must hear. The engine publishes each committed batch once, in feed order; listeners are
// the live feed, the derived store and, with several instances, the other processes. A message is a hint that carries
// the data: a listener that sees a gap in the numbers reads the feed from the store.

#include <functional>

#include "domain/feed_batch.hpp"

namespace onhand::bus {

class Bus {
  public:
    using Listener = std::function<void(const domain::FeedBatchPtr&)>;

    virtual ~Bus() = default;

    // Adds a listener; before the engine starts only. It is called for each batch, in order, on the publisher's
    // thread, and must not block or throw.
    virtual void subscribe(Listener listener) = 0;

    // Tells every listener. Called by the engine's lane after the commit.
    virtual void publish(domain::FeedBatchPtr batch) = 0;
};

}  // namespace onhand::bus
