// The thread of RedisAdapter: takes commands out of the inbox and publishes them, subscribes, hands what other servers
// say to ClusterLocal, and keeps the questions that wait for answers. One poll loop over two connections; everything
// here happens on the thread that calls run().
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "transport/socketio/cluster/adapter_inbox.hpp"
#include "transport/socketio/cluster/pending_requests.hpp"
#include "transport/socketio/cluster/redis_link.hpp"

namespace onhand::socketio {

// Called with true when both connections are up and every namespace is subscribed, with false when that ends.
using ConnectionHandler = std::function<void(bool)>;

class RedisWorker final : RedisLinkHandler {
  public:
    // References must outlive the worker. `uid` tells this server's own messages from those of others.
    RedisWorker(const RedisSettings& settings, std::shared_ptr<AdapterInbox> inbox, ClusterLocal& local,
                std::string uid, std::atomic<bool>& connected, const ConnectionHandler& connection_changed);

    virtual ~RedisWorker() = default;

    // Until the inbox is told to stop; then it publishes what is left, for half a second at most, and ends all
    // questions.
    void run();

  private:
    // A question on its way: first Redis tells how many servers there are to answer, then it is published.
    struct Question {
        std::string id;
        std::string nsp;
        std::string payload;
    };

    struct Namespace {
        std::set<std::string> unconfirmed;  // subscriptions that Redis has not confirmed yet
        std::vector<Question> waiting;      // until it has
    };

    enum class ChannelUse : unsigned char { broadcast, request, response };
    struct Channel {
        std::string nsp;
        ChannelUse use = ChannelUse::broadcast;
    };

    void on_link_ready(RedisLink& link) override;
    void on_link_reply(RedisLink& link, const RedisReply& reply) override;
    void on_link_down(RedisLink& link) override;

    void turn();
    void finish();
    void wait(SteadyTime until);
    void take_commands();
    bool has_room() const;
    void update_connected();
    void end_questions();

    void handle(AddNamespace& command);
    void handle(RemoveNamespace& command);
    void handle(SendBroadcast& command);
    void handle(SendRequest& command);
    void handle(SendResponse& command);
    void handle(Ask& command);
    // Whether a question can get answers at the moment.
    bool can_ask(const Ask& command) const;

    void subscribe(const std::string& nsp, Namespace& state);
    void publish(std::string_view channel, const std::optional<std::string>& payload);
    void count_servers(Question question);
    void on_published(const RedisReply& reply);
    void on_servers_counted(const RedisReply& reply, const Question& question);
    void on_confirmed(std::string_view channel);
    void on_message(std::string_view channel, std::string_view payload);
    bool on_broadcast(const std::string& nsp, std::string_view payload);
    bool on_request(const std::string& nsp, std::string_view payload);
    bool on_response(std::string_view payload);
    void count_malformed(std::string_view channel);

    const RedisSettings& settings_;
    const std::shared_ptr<AdapterInbox> inbox_;
    ClusterLocal& local_;
    const std::string uid_;
    std::atomic<bool>& connected_;
    const ConnectionHandler& connection_changed_;
    const RedisChannels channels_;

    RedisLink publisher_;
    RedisLink subscriber_;
    std::map<std::string, Namespace> namespaces_;
    std::unordered_map<std::string, Channel> subscriptions_;  // by channel, for broadcasts by pattern
    // What the next answers on the publishing link are about: a question, or nothing for a message.
    std::deque<std::optional<Question>> expected_;
    PendingRequests pending_;
    std::uint64_t next_id_ = 1;
    bool stopping_ = false;
};

}  // namespace onhand::socketio
