#include "engine/engine.hpp"

#include "base/ensure.hpp"
#include "engine/locked_products.hpp"

namespace onhand::engine {

Engine::Engine(const Options& options, std::span<storage::Store* const> stores, bus::LockService* locks, bus::Bus& bus,
               StockView& stock, AccountBook& accounts, const Clock& clock)
    : context_{.options = options, .bus = bus, .stock = stock, .accounts = accounts, .clock = clock} {
    ensure(options.batch_max > 0 && options.queue_max >= options.batch_max, "a full batch fits in the queue");
    ensure(!stores.empty(), "an engine has a lane");
    for (auto* store : stores) {
        ensure(stores.size() == 1 || !store->rows_stay_valid(), "an exclusive store has one lane");
        auto own = locks != nullptr ? locks->locks_of_lane(static_cast<int>(lanes_.size())) : nullptr;
        lanes_.push_back(std::make_unique<Lane>(context_, *store, std::move(own)));
    }
}

Engine::~Engine() {
    stop();
}

Result<void, storage::StoreError> Engine::start() {
    for (auto& lane : lanes_)
        if (auto started = lane->start(); !started) return started;
    return {};
}

std::size_t Engine::submit(std::span<Request* const> requests) {
    const auto deadline = context_.clock.mono_ns() + context_.options.deadline_ns;
    std::size_t taken = 0;
    for (; taken < requests.size(); ++taken) {
        auto& request = *requests[taken];
        ensure(request.sink != nullptr, "a request knows where to go back to");
        if (request.deadline == 0) request.deadline = deadline;
        if (!lanes_[lane_of(request.command, lanes_.size())]->submit(request)) break;
    }
    context_.recorder.busy += requests.size() - taken;
    return taken;
}

void Engine::stop() {
    draining_ = true;
    for (auto& lane : lanes_) lane->stop();
    for (auto& lane : lanes_) lane->join();
}

Stats Engine::stats() const {
    const auto& recorder = context_.recorder;
    Stats stats;
    stats.batches = recorder.batches;
    stats.commands = recorder.commands;
    stats.orders_placed = recorder.orders_placed;
    stats.refusals = recorder.refusals;
    stats.replays = recorder.replays;
    stats.busy = recorder.busy;
    stats.expired = recorder.expired;
    stats.conflicts = recorder.conflicts;
    stats.commits_failed = recorder.commits_failed;
    stats.commits_unknown = recorder.commits_unknown;
    stats.commit_ns_total = recorder.commit_ns_total;
    stats.head = context_.stock.head();
    for (const auto& lane : lanes_) stats.queue_length += lane->queue_length();
    return stats;
}

}  // namespace onhand::engine
