// Puts this server into a cluster that talks over the publish and subscribe of Redis, in the format of
// @socket.io/redis-adapter 8 and @socket.io/redis-emitter: Node's servers, the emitter and this server reach each
// other's rooms. Made by the program, handed to the library as its ClusterAdapter. It has one thread of its own; every
// function may be called from any thread and only queues. Handlers and ClusterLocal are called on the adapter's thread.
//
// While Redis is away messages are dropped and counted, questions answered at once with timed_out, and the adapter
// connects again by itself. Not supported: Redis Cluster's sharded channels, TLS.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "transport/socketio/cluster.hpp"
#include "transport/socketio/cluster/redis_settings.hpp"

namespace onhand::socketio {

class AdapterInbox;
class RedisWorker;
struct RequestMessage;

// Since the adapter was made.
struct RedisAdapterCounts {
    std::uint64_t published = 0;   // messages that Redis took
    std::uint64_t dropped = 0;     // queue full, no connection, or lost with one
    std::uint64_t received = 0;    // broadcasts and requests of other servers that made sense
    std::uint64_t malformed = 0;   // messages that did not
    std::uint64_t unsendable = 0;  // own messages that were no JSON or too large
};

class RedisAdapter final : public ClusterAdapter {
  public:
    // `connection_changed`, when not empty, is called on the adapter's thread with what connected() has become; the
    // last time with false, at stop().
    explicit RedisAdapter(RedisSettings settings, std::function<void(bool)> connection_changed = {});
    // Stops when that was not done. Needs that no thread is inside a call.
    ~RedisAdapter() override;
    RedisAdapter(const RedisAdapter&) = delete;
    RedisAdapter& operator=(const RedisAdapter&) = delete;

    void start(ClusterLocal& local, const std::vector<std::string>& namespaces) override;
    // Publishes what is queued, for half a second at most. Not from a handler.
    void stop() override;

    void add_namespace(const std::string& nsp) override;
    void remove_namespace(const std::string& nsp) override;

    void broadcast(const std::string& nsp, JsonData event, Target target) override;
    void join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) override;
    void leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) override;
    void disconnect(const std::string& nsp, Target target, bool close_connection) override;
    void server_event(const std::string& nsp, JsonData event) override;

    void broadcast_with_ack(const std::string& nsp, JsonData event, Target target, std::chrono::milliseconds timeout,
                            std::function<void(ClusterAnswers<JsonData>)> done) override;
    void fetch_sockets(const std::string& nsp, Target target, std::chrono::milliseconds timeout,
                       std::function<void(ClusterAnswers<RemoteSocket>)> done) override;
    void server_event_with_ack(const std::string& nsp, JsonData event, std::chrono::milliseconds timeout,
                               std::function<void(ClusterAnswers<JsonData>)> done) override;

    // True while both connections are up and every namespace is subscribed: those given to start(), and those added
    // since as soon as the adapter's thread has taken them up.
    bool connected() const override { return connected_; }
    RedisAdapterCounts counts() const;
    // Names this server in the messages of the cluster.
    const std::string& uid() const { return uid_; }

  private:
    void send(const std::string& nsp, RequestMessage message);

    const RedisSettings settings_;
    const std::function<void(bool)> connection_changed_;
    const std::string uid_;
    std::atomic<bool> connected_{false};
    const std::shared_ptr<AdapterInbox> inbox_;  // shared with handlers that outlive the adapter
    std::unique_ptr<RedisWorker> worker_;
    std::thread thread_;
};

}  // namespace onhand::socketio
