#pragma once
// Stand-ins for what several instances share: an outbox in memory, a channel that loses, doubles and reorders on
// demand, and product locks that the test hands out. Thread-safe. For tests of the engine.

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "bus/channel.hpp"
#include "bus/local/local_bus.hpp"
#include "bus/lock.hpp"
#include "domain/batch_codec.hpp"
#include "engine/cluster.hpp"
#include "engine/relay.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

// Committed batches and their numbers, for any number of relays.
class FakeOutbox final : public storage::Outbox {
  public:
    Result<Step, storage::StoreError> number(std::int64_t after, std::int64_t limit) override {
        const std::lock_guard lock(mutex_);
        if (down) return storage::StoreError{storage::StoreErrc::unavailable, "simulated"};
        ++steps_;
        Step step;
        step.first_given = static_cast<std::int64_t>(numbered_.size()) + 1;
        for (; !waiting_.empty() && step.given < limit; ++step.given) {
            auto& batch = waiting_.front();
            batch.number = static_cast<std::int64_t>(numbered_.size()) + 1;
            batch.first = head_ + 1;
            head_ += static_cast<domain::FeedSeq>(domain::decode_batch(batch.bytes, 1)->items.size());
            numbered_.push_back(std::move(batch));
            waiting_.erase(waiting_.begin());
        }
        step.batches = above(after, limit);
        return step;
    }
    Result<std::vector<storage::NumberedBatch>, storage::StoreError> read(std::int64_t after,
                                                                          std::int64_t limit) override {
        const std::lock_guard lock(mutex_);
        if (down) return storage::StoreError{storage::StoreErrc::unavailable, "simulated"};
        return above(after, limit);
    }
    // What a commit leaves.
    void commit(const domain::Changes& changes) {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({0, 0, domain::encode_batch(changes)});
    }

    // Steps made so far, also those that found nothing.
    std::size_t steps() const {
        const std::lock_guard lock(mutex_);
        return steps_;
    }

    std::atomic<bool> down = false;

  private:
    std::vector<storage::NumberedBatch> above(std::int64_t after, std::int64_t limit) const {
        const auto from = std::min<std::size_t>(static_cast<std::size_t>(after), numbered_.size());
        const auto to = std::min(numbered_.size(), from + static_cast<std::size_t>(limit));
        return {numbered_.begin() + static_cast<std::ptrdiff_t>(from),
                numbered_.begin() + static_cast<std::ptrdiff_t>(to)};
    }

    mutable std::mutex mutex_;
    std::size_t steps_ = 0;
    std::vector<storage::NumberedBatch> waiting_;
    std::vector<storage::NumberedBatch> numbered_;
    domain::FeedSeq head_ = 0;
};

// Several channels on one wire. Messages are delivered by the thread that publishes, to every channel.
class FakeWire {
  public:
    // What becomes of each message; default: delivered once. Called under the wire's lock.
    using Faults = std::function<std::vector<std::string>(std::string)>;
    void set_faults(Faults faults) {
        const std::lock_guard lock(mutex_);
        faults_ = std::move(faults);
    }

    void publish(bus::Topic topic, std::string bytes) {
        const std::lock_guard lock(mutex_);
        const auto delivered = faults_ ? faults_(std::move(bytes)) : std::vector{std::move(bytes)};
        for (const auto& message : delivered)
            for (const auto& listener : listeners_)
                if (listener.first == topic) listener.second(message);
    }
    void subscribe(bus::Topic topic, bus::Channel::Listener listener) {
        const std::lock_guard lock(mutex_);
        listeners_.emplace_back(topic, std::move(listener));
    }

  private:
    std::mutex mutex_;
    Faults faults_;
    std::vector<std::pair<bus::Topic, bus::Channel::Listener>> listeners_;
};

class FakeChannel final : public bus::Channel {
  public:
    explicit FakeChannel(FakeWire& wire) : wire_(wire) {}
    void subscribe(bus::Topic topic, Listener listener) override { wire_.subscribe(topic, std::move(listener)); }
    void on_connected(std::function<void()> callback) override { connected_ = std::move(callback); }
    void start() override {}
    void stop() override {}
    void publish(bus::Topic topic, std::string bytes) override {
        if (is_connected) wire_.publish(topic, std::move(bytes));
    }
    bool connected() const override { return is_connected; }
    void reconnect() {
        is_connected = true;
        connected_();
    }
    std::atomic<bool> is_connected = true;

  private:
    FakeWire& wire_;
    std::function<void()> connected_;
};

// A relay and a cluster of one, on read models of the test's own. The relay is not started.
struct LoneCluster {
    LoneCluster(storage::ReadStore& store, StockView& stock, AccountBook& accounts, bus::Counter* counter = nullptr,
                bus::LockService* locks = nullptr, bool redis_expected = false)
        : relay(outbox, store, nullptr, bus, stock, accounts),
          cluster(store, accounts, relay, counter, locks, redis_expected) {}
    FakeOutbox outbox;
    bus::LocalBus bus;
    Relay relay;
    Cluster cluster;
};

// Locks that the test gives out: SKUs in `taken` belong to somebody else.
class FakeLocks final : public bus::LockService {
  public:
    class OfLane final : public bus::ProductLocks {
      public:
        explicit OfLane(FakeLocks& service) : service_(service) {}
        bus::LockAnswer acquire(std::span<const std::string_view> skus) override {
            const std::lock_guard lock(service_.mutex_);
            ++service_.asked_;
            bus::LockAnswer answer;
            answer.away = service_.away_;
            for (const auto sku : skus) {
                const bool granted = answer.away || !service_.taken_.contains(std::string(sku));
                answer.granted.push_back(granted);
                if (granted && !answer.away && service_.held_.insert(std::string(sku)).second) answer.is_new = true;
            }
            return answer;
        }
        void hand_over(std::span<const std::string_view> wanted) override {
            const std::lock_guard lock(service_.mutex_);
            std::erase_if(service_.held_, [&](const std::string& sku) {
                if (service_.wanted_.erase(sku) > 0) return service_.taken_.insert(sku).second;
                return std::find(wanted.begin(), wanted.end(), sku) == wanted.end();
            });
        }
        bool others_wait() override {
            const std::lock_guard lock(service_.mutex_);
            return std::ranges::any_of(service_.held_,
                                       [this](const auto& sku) { return service_.wanted_.contains(sku); });
        }
        void release_all() override {
            const std::lock_guard lock(service_.mutex_);
            service_.held_.clear();
        }
        void on_free(std::function<void()> callback) override { service_.free_ = std::move(callback); }

      private:
        FakeLocks& service_;
    };

    std::unique_ptr<bus::ProductLocks> locks_of_lane(int) override { return std::make_unique<OfLane>(*this); }
    std::vector<bus::LockView> held(std::size_t) override { return {{"LAMP \"1\"", "host-0", 3, 1997, {"other-1"}}}; }
    bus::LockStats stats() const override { return {}; }

    // Somebody else takes the lock, or gives it up and says so.
    void take(const std::string& sku) {
        const std::lock_guard lock(mutex_);
        taken_.insert(sku);
    }
    void free(const std::string& sku) {
        {
            const std::lock_guard lock(mutex_);
            taken_.erase(sku);
        }
        free_();
    }
    // Somebody else waits for the lock from now on; it is given to him when this side hands over.
    void want(const std::string& sku) {
        const std::lock_guard lock(mutex_);
        wanted_.insert(sku);
    }
    void set_away(bool away) {
        const std::lock_guard lock(mutex_);
        away_ = away;
    }
    std::set<std::string> held_here() const {
        const std::lock_guard lock(mutex_);
        return held_;
    }
    std::size_t asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    mutable std::mutex mutex_;
    std::set<std::string> taken_;
    std::set<std::string> held_;
    std::set<std::string> wanted_;
    bool away_ = false;
    std::size_t asked_ = 0;
    std::function<void()> free_;
};

}  // namespace onhand::engine
