#pragma once
// The engine: combines what waits. Requests queue up (bounded) in lanes; a lane takes everything that waits, loads the
// rows, judges each command in order (domain::decide), commits one transaction, brings the read models up to date and
// answers every waiter. While one commit is on its way to disk the next batch gathers. An exclusive store has one lane,
// which also publishes its batches; a shared one has any number, and the relay (relay.hpp) publishes.
// Public header of the room: transport and app include this, options.hpp, request.hpp, relay.hpp, stock_view.hpp,
// account_book.hpp, queries.hpp.

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/lane.hpp"
#include "engine/options.hpp"
#include "engine/request.hpp"
#include "engine/stats.hpp"

namespace onhand::engine {

class Engine {
  public:
    // One lane for each of `stores`. Without `locks` batches go on under the row locks alone. All references must
    // outlive the engine. The read models are filled before start().
    Engine(const Options& options, std::span<storage::Store* const> stores, bus::LockService* locks, bus::Bus& bus,
           StockView& stock, AccountBook& accounts, const Clock& clock);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Called on a lane's thread after each commit that the outbox has yet to number; before start() only. Must not
    // block.
    void on_committed(std::function<void()> callback) { context_.on_committed = std::move(callback); }

    // Prepares the stores and starts the lanes. Fails when a store cannot tell its sequences.
    Result<void, storage::StoreError> start();

    // Queues requests in order; any thread. Returns how many were taken: the rest, from that index on, stay with the
    // caller and must be answered busy or draining (see draining()).
    std::size_t submit(std::span<Request* const> requests);

    // Stops taking requests, answers all that wait, joins the lanes. Idempotent.
    void stop();

    bool draining() const { return draining_.load(std::memory_order_relaxed); }
    // True after a fault that only a restart can heal (an unknown commit that could not be resolved, corrupt data).
    // Requests are then refused; the process should stop with exit code 1.
    bool failed() const { return context_.failed.load(std::memory_order_relaxed); }

    Stats stats() const;

  private:
    LaneContext context_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::atomic<bool> draining_{false};
};

}  // namespace onhand::engine
