// Where RedisAdapter leaves what is to be done, for its thread to take: a queue with a bound, filled from any thread
// without waiting for the network, and the adapter's counters. Commands that ask nothing back are dropped and counted
// when it is full; those with a handler are kept, without what made them large, because the handler must be called.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "transport/socketio/cluster.hpp"
#include "transport/socketio/cluster/redis_messages.hpp"

namespace onhand::socketio {

struct AddNamespace {
    std::string nsp;
};
struct RemoveNamespace {
    std::string nsp;
};
struct SendBroadcast {
    std::string nsp;
    JsonData event;
    Target target;
};
// Something for the other servers to do, without an answer.
struct SendRequest {
    std::string nsp;
    RequestMessage message;
};
struct SendResponse {
    std::string nsp;
    ResponseMessage message;
};

using JsonAnswersHandler = std::function<void(ClusterAnswers<JsonData>)>;
using SocketsHandler = std::function<void(ClusterAnswers<RemoteSocket>)>;
using AnswersHandler = std::variant<JsonAnswersHandler, SocketsHandler>;

// Tells the handler that nothing came.
void answer_nothing(const AnswersHandler& done, bool timed_out);

struct Ask {
    std::string nsp;
    RequestMessage message;
    std::chrono::steady_clock::time_point deadline;
    AnswersHandler done;
    bool refused = false;  // there was no room for it: the message is gone
};

using AdapterCommand = std::variant<AddNamespace, RemoveNamespace, SendBroadcast, SendRequest, SendResponse, Ask>;

struct AdapterCounters {
    std::atomic<std::uint64_t> published{0};   // taken by Redis
    std::atomic<std::uint64_t> dropped{0};     // queue full, no connection, or lost with one
    std::atomic<std::uint64_t> received{0};    // messages of others that made sense
    std::atomic<std::uint64_t> malformed{0};   // messages of others that did not
    std::atomic<std::uint64_t> unsendable{0};  // of this server: no JSON, or too large
};

class AdapterInbox {
  public:
    AdapterInbox(std::size_t messages_max, std::size_t bytes_max);
    ~AdapterInbox();
    AdapterInbox(const AdapterInbox&) = delete;
    AdapterInbox& operator=(const AdapterInbox&) = delete;

    // Any thread. Once take_last() has found nothing, commands are ignored.
    void push(AdapterCommand command);

    // The adapter's thread: the next command, if there is one.
    std::optional<AdapterCommand> take();
    // The same after request_stop(); when there is none left, none will ever come.
    std::optional<AdapterCommand> take_last();

    // Tells the adapter's thread to come to an end. Any thread.
    void request_stop();
    bool stop_requested() const { return stop_requested_; }

    // Makes the thread look again. Any thread.
    void wake() const;

    // Readable when there is something to take or to stop for; reset_wake() makes it unreadable again.
    int wake_descriptor() const { return wake_; }
    void reset_wake();

    AdapterCounters counters;

  private:
    std::optional<AdapterCommand> take_locked();

    const std::size_t messages_max_;
    const std::size_t bytes_max_;
    int wake_ = -1;
    std::atomic<bool> stop_requested_{false};
    std::mutex mutex_;
    std::deque<AdapterCommand> commands_;
    std::size_t messages_ = 0;  // commands that count against the bound
    std::size_t bytes_ = 0;
    bool closed_ = false;
};

}  // namespace onhand::socketio
