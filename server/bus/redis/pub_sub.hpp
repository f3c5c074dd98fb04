#pragma once
// One thread that stays subscribed to channels of Redis and publishes on them: connects again by itself, notices
// connections that died without a word, and drops what it cannot send. Used by the channel between instances and by the
// locks, whose scripts publish. Thread-safe; listeners run on its thread.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bus/redis/connection.hpp"
#include "bus/redis/locator.hpp"

namespace onhand::bus::redis {

struct PubSubOptions {
    bool publishes = true;                            // false: publish() drops everything
    std::size_t queue_messages_max = 10'000;          // that wait to be sent; more are dropped
    std::size_t queue_bytes_max = 64U * 1024 * 1024;  // of those
};

// Counters only rise.
struct PubSubStats {
    std::uint64_t published = 0;  // given to Redis
    std::uint64_t dropped = 0;    // not sent
    std::uint64_t received = 0;
    std::uint64_t connects = 0;  // times all channels were subscribed
};

class PubSub {
  public:
    using Listener = std::function<void(std::string_view bytes)>;

    // The locator must outlive it.
    PubSub(Locator& locator, PubSubOptions options);
    ~PubSub();
    PubSub(const PubSub&) = delete;
    PubSub& operator=(const PubSub&) = delete;

    // Adds a channel, at any time; one listener each. It must not block.
    void subscribe(std::string channel, Listener listener);
    // Before start(): called each time all channels known by then are subscribed; so a channel that is added later
    // brings another call.
    void on_connected(std::function<void()> callback);

    void start();
    // Nothing is called afterwards. Idempotent.
    void stop();

    // Never blocks.
    void publish(std::string channel, std::string bytes);
    // Whether every channel added so far is subscribed, and publishing works when it is wanted.
    bool connected() const { return connected_.load(std::memory_order_acquire); }
    PubSubStats stats() const;

  private:
    struct Message {
        std::string channel;
        std::string bytes;
        std::size_t size() const { return channel.size() + bytes.size(); }
    };
    // One of the two connections. Of the thread alone.
    struct Line {
        explicit Line(std::string_view line_name) : name(line_name) {}
        std::string_view name;
        Connection connection;
        std::shared_ptr<Node> node;
        SteadyTime next_try;
        std::chrono::milliseconds pause{0};
        SteadyTime last_heard;
        SteadyTime last_asked;
        std::size_t answers_due = 0;  // of the publishing line
        std::string trouble;          // so that it is logged once
    };

    void run();
    void tend(Line& line, const Topology& topology, SteadyTime now);
    void connect(Line& line, const Topology& topology);
    void lose(Line& line, std::string_view why);
    void check_life(Line& line, SteadyTime now);
    void send_subscriptions();
    void send_messages();
    void wait_for_events();
    void read_subscriber();
    void read_publisher();
    void on_push(ReplyView push);
    void note_connected();
    SteadyTime deadline_of(const Line& line) const;
    void wake();

    Locator& locator_;
    const PubSubOptions options_;
    std::function<void()> on_connected_;

    mutable std::mutex mutex_;
    std::map<std::string, Listener, std::less<>> listeners_;
    std::vector<std::string> new_channels_;  // not asked for on the present connection
    std::deque<Message> queue_;
    std::size_t queue_bytes_ = 0;
    PubSubStats stats_;
    bool stopping_ = false;
    bool sending_works_ = false;

    std::atomic<bool> connected_{false};
    std::atomic<bool> awake_{false};  // a wake-up is under way
    int wake_ = -1;                   // eventfd

    // Of the thread alone.
    Line subscriber_{"subscription"};
    Line publisher_{"publishing"};
    std::size_t confirmations_due_ = 0;
    bool is_announced_ = false;

    std::thread thread_;
};

}  // namespace onhand::bus::redis
