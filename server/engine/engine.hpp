#pragma once
// The engine: combines what waits. Requests queue up (bounded); one lane thread takes everything that waits, loads the
// rows, judges each command in order (domain::decide), commits one transaction, brings the read models up to date,
// answers every waiter and publishes the batch. While one commit is on its way to disk the next batch gathers.
// Public header of the room: transport and app include this, request.hpp, stock_view.hpp, account_book.hpp,
// queries.hpp.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "domain/decide.hpp"
#include "engine/account_book.hpp"
#include "engine/batch.hpp"
#include "engine/request.hpp"
#include "engine/stats.hpp"
#include "engine/stock_view.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

struct Options {
    std::size_t queue_max = 16'384;         // requests waiting; more are answered busy
    std::size_t batch_max = 1024;           // requests per transaction
    std::size_t retries_max = 3;            // of a batch after StoreErrc::conflict
    std::size_t working_set_max = 400'000;  // rows kept between batches
    MonoNanos deadline_ns = 5'000'000'000;  // default waiting time before judging
};

class Engine {
  public:
    // All references must outlive the engine. The read models are filled before start().
    Engine(const Options& options, storage::Store& store, bus::Bus& bus, StockView& stock, AccountBook& accounts,
           const Clock& clock);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Prepares the store and starts the lane. Fails when the store cannot tell its sequences.
    Result<void, storage::StoreError> start();

    // Queues requests in order; any thread. Returns how many were taken: the rest, from that index on, stay with the
    // caller and must be answered busy or draining (see draining()).
    std::size_t submit(std::span<Request* const> requests);

    // Stops taking requests, answers all that wait, joins the lane. Idempotent.
    void stop();

    bool draining() const { return draining_.load(std::memory_order_relaxed); }
    // True after a fault that only a restart can heal (an unknown commit that could not be resolved, corrupt data).
    // Requests are then refused; the process should stop with exit code 1.
    bool failed() const { return failed_.load(std::memory_order_relaxed); }

    Stats stats() const;

  private:
    void run();
    bool take_batch(Batch& batch);
    void process(Batch& batch);
    void drop_expired(Batch& batch);
    bool prepare_set();
    void forget_set();
    bool commit_batch(Batch& batch);
    bool settle_commit(Batch& batch, const storage::CommitResult& result);
    void split(Batch& batch);
    void publish(Batch& batch);
    void give_up(std::string_view why);

    const Options options_;
    storage::Store& store_;
    bus::Bus& bus_;
    StockView& stock_;
    AccountBook& accounts_;
    const Clock& clock_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Request*> queue_;  // guarded by mutex_
    bool stopping_ = false;        // guarded by mutex_
    std::atomic<bool> draining_{false};
    std::atomic<bool> failed_{false};
    StatsRecorder recorder_;
    domain::WorkingSet set_;     // lane thread only
    bool set_prepared_ = false;  // lane thread only: sequences and counts of set_ are right
    UuidGenerator ids_;          // lane thread only
    std::thread lane_;
};

}  // namespace onhand::engine
