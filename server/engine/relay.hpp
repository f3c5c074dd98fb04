#pragma once
// The relay of a process whose store others share: numbers what was committed, tells the other instances, and keeps
// this one up to date with all of them. Batches are applied in the order of their numbers, each once, whoever committed
// them: the read models first, then the listeners of the bus hear of the feed items. A message that is missing or late
// costs time only: the outbox has every batch, and it is read when the numbers have a gap, when the channel is away,
// and once in a while in any case. One thread of its own.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "bus/channel.hpp"
#include "domain/batch_codec.hpp"
#include "engine/account_book.hpp"
#include "engine/stock_view.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

struct RelayStats {
    std::uint64_t numbered = 0;   // batches this process numbered
    std::uint64_t applied = 0;    // batches applied
    std::uint64_t caught_up = 0;  // of them, read from the outbox because no message had brought them
    std::uint64_t failures = 0;   // questions to the database that failed
    std::int64_t batch = 0;       // number of the last batch applied
    bool connected = false;       // to the channel
};

class Relay {
  public:
    // `channel` may be null: then the outbox is looked at often instead. All references outlive the relay.
    Relay(storage::Outbox& outbox, storage::ReadStore& store, bus::Channel* channel, bus::Bus& bus, StockView& stock,
          AccountBook& accounts);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // The read models are as of `moment`; what came after is applied from now on.
    void start(storage::ReadStore::Moment moment);
    // Something was committed here. Any thread; does not block.
    void wake();
    // Numbers what this process has committed, once more, and ends. Idempotent.
    void stop();

    RelayStats stats() const;

  private:
    // Batches that came before their turn, at most this many; what is beyond is read from the outbox later.
    static constexpr std::size_t early_max = 4096;
    static constexpr std::int64_t step_max = 500;  // batches of one question to the outbox

    using Time = std::chrono::steady_clock::time_point;
    void run();
    bool wait();
    bool sleep(std::unique_lock<std::mutex>& lock, Time end);
    void take_messages();
    void on_message(std::string_view bytes);
    bool number();
    bool catch_up();
    void add_early(storage::NumberedBatch batch);
    bool apply_early();
    bool gap_is_old();
    bool apply(const storage::NumberedBatch& batch);
    bool refresh_accounts(const domain::BatchNews& news);
    bool failed(std::string_view what, const std::string& detail);

    storage::Outbox& outbox_;
    storage::ReadStore& store_;
    bus::Channel* const channel_;
    bus::Bus& bus_;
    StockView& stock_;
    AccountBook& accounts_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<storage::NumberedBatch> inbox_;  // guarded by mutex_
    bool committed_ = false;                     // guarded by mutex_: something here waits for its number
    bool look_ = false;                          // guarded by mutex_: messages may have been missed
    bool stopping_ = false;                      // guarded by mutex_

    // Relay thread only.
    std::map<std::int64_t, storage::NumberedBatch> early_;  // by number, all above last_
    std::vector<storage::NumberedBatch> messages_;
    std::int64_t last_ = 0;          // number of the last batch applied
    bool numbering_due_ = false;     // a step has to be made, or made again
    bool looking_due_ = false;       // the outbox has to be read
    std::optional<Time> gap_since_;  // early_ waits for a number that is missing
    Time next_step_;                 // not before; so under load the commits of some milliseconds share a step
    bool was_down_ = false;          // the last question to the database failed
    std::atomic<std::uint64_t> numbered_{0}, applied_{0}, caught_up_{0}, failures_{0};
    std::atomic<std::int64_t> batch_{0};
    std::thread thread_;
};

}  // namespace onhand::engine
