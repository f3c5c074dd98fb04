#pragma once
// The bus inside one process: calls each listener in turn on the engine's lane. See bus/bus.hpp for the promises.

#include <utility>
#include <vector>

#include "bus/bus.hpp"

namespace onhand::bus {

class LocalBus final : public Bus {
  public:
    void subscribe(Listener listener) override { listeners_.push_back(std::move(listener)); }
    void publish(domain::FeedBatchPtr batch) override {
        for (const auto& listener : listeners_) listener(batch);
    }

  private:
    std::vector<Listener> listeners_;
};

}  // namespace onhand::bus
