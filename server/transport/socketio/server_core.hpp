// What all io threads of one server share: settings, namespaces, counts, the cluster and the recovery log, and how
// something is done on every thread. Internal to the library. Set up before the first request; from then on every
// member may be used on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/cluster.hpp"
#include "transport/socketio/namespace_handler.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/recovery_log.hpp"

namespace onhand::socketio {

class Shard;

class ServerCore final : public ClusterLocal {
  public:
    ServerCore(Options server_options, const std::vector<boost::asio::io_context*>& io_threads);
    ~ServerCore() override;
    ServerCore(const ServerCore&) = delete;
    ServerCore& operator=(const ServerCore&) = delete;

    // Namespaces. One that is named wins over a family.
    void add_namespace(std::string name, Namespace space);
    void add_family(Namespace space) { families_.push_back(std::move(space)); }
    const Namespace* find_namespace(std::string_view name, const boost::json::value& auth) const;
    // An io thread has the first client of a namespace, or has no client of it left.
    void namespace_opened(const std::string& name, const Namespace& space);
    void namespace_closed(const std::string& name);

    void set_cluster(std::unique_ptr<ClusterAdapter> adapter);
    ClusterAdapter* cluster() const { return cluster_.get(); }
    RecoveryLog* recovery() const { return recovery_.get(); }
    std::uint64_t next_ack_id() { return next_ack_id_.fetch_add(1); }

    // Queues an event for the clients of this server that `target` means.
    void deliver(const std::string& nsp, const EncodedEvent& event, Target target);
    // Records an event for those clients, all of them or those of one io thread, and wakes the threads.
    void record(const std::string& nsp, std::string_view json, const std::vector<Frame>& attachments, Target target,
                std::optional<unsigned> only_thread);

    // Asks the clients of this server. `asked` tells how many; `answered` is called once for each of them, with
    // nothing when its answer did not come. Calls may come from several threads at once.
    struct Question {
        std::string nsp;
        JsonData event;
        Target target;
        std::chrono::milliseconds timeout{0};
        std::function<void(std::size_t)> asked;
        std::function<void(std::optional<JsonData>)> answered;
    };
    void ask(Question question);

    // Runs `visit` with each client of this server that is meant, on its io thread: at once for those of this one.
    // Like everything that is said to many clients, it keeps its place behind what the same thread said before.
    void for_each(const std::string& nsp, Target target, std::function<void(Socket&)> visit);

    // ClusterLocal.
    void deliver(const std::string& nsp, JsonData event, Target target) override;
    void deliver_with_ack(const std::string& nsp, JsonData event, Target target, std::chrono::milliseconds timeout,
                          std::function<void(std::size_t)> counted, std::function<void(JsonData)> answered) override;
    void join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) override;
    void leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) override;
    void disconnect(const std::string& nsp, Target target, bool close_connection) override;
    void list_sockets(const std::string& nsp, Target target,
                      std::function<void(std::vector<RemoteSocket>)> listed) override;
    void list_rooms(const std::string& nsp, std::function<void(std::vector<std::string>)> listed) override;
    void server_event(const std::string& nsp, JsonData event, std::function<void(JsonData)> reply) override;

    // Runs `task` on the first io thread, later.
    void post_first(std::function<void()> task);
    void report_application_error(std::string_view what) const;

    Options options;
    std::function<std::optional<std::string>(const Handshake&)> allow_request;
    std::vector<std::unique_ptr<Shard>> shards;
    std::atomic<std::size_t> sessions{0};
    std::atomic<std::size_t> websockets{0};
    std::atomic<std::size_t> sockets{0};
    std::atomic<std::size_t> slow_closed{0};
    std::atomic<bool> stopping{false};
    std::atomic<bool> stopped{false};
    std::function<void()> on_stopped;

  private:
    struct LiveNamespace {
        const Namespace* space = nullptr;
        std::size_t io_threads = 0;  // with clients of it
    };

    // Collects something from every io thread, later, and hands it to `done` on the last one.
    template <class Item>
    void collect(std::function<void(Shard&, std::vector<Item>&)> add, std::function<void(std::vector<Item>)> done);
    const Namespace* find_live(const std::string& name);

    std::map<std::string, Namespace, std::less<>> namespaces_;
    std::deque<Namespace> families_;
    std::unique_ptr<ClusterAdapter> cluster_;
    std::unique_ptr<RecoveryLog> recovery_;
    std::atomic<std::uint64_t> next_ack_id_{0};
    std::mutex live_mutex_;                      // guards live_
    std::map<std::string, LiveNamespace> live_;  // with a client here
};

}  // namespace onhand::socketio
