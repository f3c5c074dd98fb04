#pragma once
// The locks of one lane, in Redis. It remembers what the lane holds and waits for, so that a lane that keeps its
// products across batches asks Redis only when a look is due; hints from other lanes come through LaneSignals. Made by
// the lock service; used by the lane's thread. What it remembers is never more than advice: stock is kept right by the
// database.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "bus/lock.hpp"
#include "bus/redis/lane_signals.hpp"
#include "bus/redis/lock_script.hpp"
#include "bus/redis/pub_sub.hpp"
#include "bus/redis/script_runner.hpp"

namespace onhand::bus::redis {

// What the program uses for keep_idle below.
inline constexpr std::chrono::milliseconds lock_keep_idle{1000};

struct LockOptions {
    std::string scope;     // of two shops that share one Redis, each has its own; letters, digits, '-' and '_'
    std::string instance;  // shown as part of the owner, to people; other letters than those and '.' become '-'
    std::chrono::milliseconds lease = lock_lease;
    std::chrono::milliseconds keep_max = lock_keep_max;
    std::chrono::milliseconds call_max = lock_time_max;
    std::chrono::milliseconds silence_max = waiter_silence_max;  // how long others may be silent and still wait
    std::chrono::milliseconds gift_max = gift_lease;             // of a lock that it hands over
    // How long a lock is kept that nothing here waits for any more, while nobody else wants it; 0: not at all. A lane
    // whose products no other lane touches then hardly asks Redis, and knows that nobody else wrote them.
    std::chrono::milliseconds keep_idle{0};
};

// Counted by all lanes of a process.
struct LockCounters {
    std::atomic<std::uint64_t> acquired{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> away{0};
    std::atomic<std::uint64_t> handed_over{0};
};

// What all lanes share; it outlives them.
struct LockSurroundings {
    Locator& locator;
    const PubSub& ear;  // whether hints come at all
    const Clock& clock;
    LockOptions options;
    std::string prefix;  // of keys and channels: "onhand:" or "onhand:<scope>:"
    LockCounters counters;
};

// How long a refusal is believed without asking again while hints come.
inline constexpr std::chrono::milliseconds refusal_believed{10};
// How long the news is believed that another lane gave a lock to this one; well within the gift's lease.
inline constexpr std::chrono::milliseconds gift_believed{50};
// A kept lock that hints are heard for is believed for half of its lease, and extended when an eighth of it is over,
// without waiting for the answer.
inline constexpr int believed_part = 2;
inline constexpr int extended_part = 8;
// A lock that another lane wanted is not kept idle again for this time: whoever shares products gives them up at once.
inline constexpr std::chrono::seconds contest_remembered{10};
inline constexpr std::size_t idle_max = 4096;         // locks kept idle by one lane
inline constexpr std::size_t contested_max = 10'000;  // products remembered as wanted by others
// Products in one call of the script, which stops everybody else in Redis while it runs.
inline constexpr std::size_t skus_per_call_max = 250;
// Locks out of sight that are given back when Redis answers again; the others end with their lease.
inline constexpr std::size_t left_behind_max = 1000;

class RedisProductLocks final : public ProductLocks {
  public:
    RedisProductLocks(LockSurroundings& surroundings, std::string owner, std::shared_ptr<LaneSignals> signals);
    ~RedisProductLocks() override;
    RedisProductLocks(const RedisProductLocks&) = delete;
    RedisProductLocks& operator=(const RedisProductLocks&) = delete;

    LockAnswer acquire(std::span<const std::string_view> skus) override;
    // Does not wait for Redis.
    void hand_over(std::span<const std::string_view> wanted) override;
    bool others_wait() override;
    void release_all() override;
    void on_free(std::function<void()> callback) override;

  private:
    struct Held {
        MonoNanos seen = 0;  // when Redis last said so
        MonoNanos used = 0;  // when it was last asked for here
        MonoNanos extended = 0;
        bool is_wanted = false;
        bool is_gift = false;  // acquire() has not spoken of it yet
    };
    struct Waiting {
        MonoNanos asked = 0;
        bool is_in_line = false;   // Redis said so
        bool may_be_free = false;  // somebody said so
    };
    struct Errand {
        std::string sku;
        LockDeed deed;
        std::size_t index = 0;  // of an acquire: in its answer
    };
    using Errands = std::vector<Errand>;

    SteadyTime deadline() const;
    void hear();
    void accept(const std::string& sku, const LaneSignals::Gift& gift, MonoNanos now);
    bool knows(const std::string_view sku, MonoNanos now, bool& granted) const;
    MonoNanos believed() const;
    bool must_look(MonoNanos now);
    bool may_stay(const std::string& sku, const Held& held, MonoNanos now) const;
    void note_contest(const std::string& sku, MonoNanos now);
    void add_extensions(std::span<const std::string_view> skus, MonoNanos now, Errands& errands);
    Errands errands_for(std::span<const std::string_view> skus, LockAnswer& answer, MonoNanos now);
    void add_farewells(std::span<const std::string_view> skus, Errands& errands);
    void ask(const Errands& errands, LockAnswer& answer, MonoNanos now);
    void note_answer(const Errand& errand, LockResult result, LockAnswer& answer, MonoNanos now);
    void note_away(LockAnswer& answer);
    void thank_for_gifts(std::span<const std::string_view> skus, LockAnswer& answer, Errands& errands);

    ScriptCall call_of(std::span<const Errand> errands) const;
    std::vector<ScriptCall> calls_of(const Errands& errands) const;
    void post(const Errands& errands);
    void on_late(std::uint64_t tag, ReplyView reply);
    void note_late(const Errand& errand, LockResult result);
    void note_late_thanks(const Errand& errand, LockResult result);
    void forget(const std::string& sku);

    LockSurroundings& surroundings_;
    const std::string owner_;
    const std::shared_ptr<LaneSignals> signals_;
    const std::size_t errands_per_call_;  // on a cluster, the keys of a call belong together
    ScriptRunner runner_;

    std::map<std::string, Held, std::less<>> held_;
    std::map<std::string, Waiting, std::less<>> waiting_;
    // Locks and lines that Redis may still have this lane in, though it does not count on it; since when.
    std::map<std::string, MonoNanos, std::less<>> left_behind_;
    std::map<std::string, MonoNanos, std::less<>> contested_;  // wanted by others while held here; when last
    std::map<std::uint64_t, Errands> posted_;                  // by tag
    std::uint64_t next_tag_ = 1;
    bool has_gifts_ = false;  // acquire() has not spoken of them yet
    bool look_due_ = false;   // a held lock may be wanted
    MonoNanos looked_ = 0;    // when hand_over() last went through all of them
    MonoNanos swept_ = 0;     // when contested_ was
};

}  // namespace onhand::bus::redis
