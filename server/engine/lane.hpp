#pragma once
// A lane of the engine: one thread with one face of the store. It takes everything that waits, gets the locks of the
// products (several instances only), loads, judges and commits the batch, brings the read models up to date and answers
// every waiter. Internal to the engine.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "bus/lock.hpp"
#include "domain/decide.hpp"
#include "engine/account_book.hpp"
#include "engine/batch.hpp"
#include "engine/options.hpp"
#include "engine/presumer.hpp"
#include "engine/request.hpp"
#include "engine/stats.hpp"
#include "engine/stock_view.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

// What all lanes of an engine share. The references outlive them.
struct LaneContext {
    Options options;
    bus::Bus& bus;
    StockView& stock;
    AccountBook& accounts;
    const Clock& clock;
    StatsRecorder recorder;
    std::atomic<bool> failed{false};
    std::function<void()> on_committed;  // after a commit that the outbox has yet to number
};

class Lane {
  public:
    // `locks` may be null: then the batch goes without.
    Lane(LaneContext& context, storage::Store& store, std::unique_ptr<bus::ProductLocks> locks);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // Prepares the store and starts the thread.
    Result<void, storage::StoreError> start();
    // Queues one request; false when the queue is full or the lane stops. Any thread.
    bool submit(Request& request);
    // Stops taking requests; join() waits until those that wait are answered. Idempotent.
    void stop();
    void join();

    std::size_t queue_length() const;

  private:
    // A request that waits for the lock of a product, since when.
    struct Parked {
        Request* request = nullptr;
        MonoNanos since = 0;
    };

    // Other processes write too.
    bool is_shared() const { return !store_.rows_stay_valid(); }
    void run();
    bool take_batch(Batch& batch);
    bool wait_for_work(std::unique_lock<std::mutex>& lock);
    void lock_products(Batch& batch);
    bool may_go(const Request& request, const bus::LockAnswer& answer) const;
    void use_fence(const bus::LockAnswer& answer, bool all_granted);
    void hand_over();
    void process(Batch& batch);
    void drop_expired(Batch& batch);
    bool prepare_set();
    void forget_set();
    void remember(const Batch& batch);
    bool commit_batch(Batch& batch);
    bool may_presume(const Batch& batch);
    storage::CommitResult try_presumed(Batch& batch);
    storage::CommitResult try_batch(Batch& batch, bool look_up_keys);
    std::size_t numbers_ahead(const Batch& batch);
    storage::CommitResult commit(Batch& batch, const storage::Presumption* rows);
    storage::CommitStatus resolve(Batch& batch, const storage::CommitResult& result);
    bool fail_unknown(Batch& batch);
    void pause_before_retry(std::size_t attempt);
    bool settle_commit(Batch& batch, const storage::CommitResult& result);
    void split(Batch& batch);
    void publish(Batch& batch);
    void give_up(std::string_view why);

    LaneContext& context_;
    storage::Store& store_;
    const std::unique_ptr<bus::ProductLocks> locks_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Request*> queue_;  // guarded by mutex_
    bool stopping_ = false;        // guarded by mutex_
    bool lock_is_free_ = false;    // guarded by mutex_: a lock somebody here waits for may be had now

    // Lane thread only.
    std::vector<Parked> parked_;
    std::vector<Request*> taken_;
    std::vector<std::string_view> skus_;
    domain::WorkingSet set_;
    bool set_prepared_ = false;  // sequences and counts of set_ are right
    domain::WorkingSet known_;   // of a shared store: rows as batches left them, to presume on, and numbers drawn ahead
    bool fence_is_stale_ = true;
    bool keeps_fence_ = false;    // the batch's locks are held, and its fence is theirs once it stands
    bool rows_may_hold_ = false;  // the batch's locks were held since its rows were remembered
    Presumer presumer_;
    UuidGenerator ids_;
    std::minstd_rand jitter_;
    std::thread thread_;
};

}  // namespace onhand::engine
