#include "transport/socketio/broadcast.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "transport/socketio/server_core.hpp"

namespace onhand::socketio {
namespace {

// Brings together what this server and the others of the cluster say, and tells it once both are complete.
template <class Item>
class Gathering {
  public:
    using Done = std::function<void(const ClusterAnswers<Item>&)>;

    Gathering(ServerCore& core, bool with_cluster, Done done)
        : core_(core), cluster_pending_(with_cluster), done_(std::move(done)) {}

    // This server will give that many answers.
    void expect(std::size_t count) {
        const std::lock_guard lock(mutex_);
        expected_ = count;
        finish_if_complete();
    }
    // One of them; nothing when it did not come in time.
    void add(std::optional<Item> item) {
        const std::lock_guard lock(mutex_);
        ++arrived_;
        if (item) {
            all_.answers.push_back(std::move(*item));
        } else {
            all_.timed_out = true;
        }
        finish_if_complete();
    }
    void add_cluster(ClusterAnswers<Item> others) {
        const std::lock_guard lock(mutex_);
        cluster_pending_ = false;
        all_.timed_out = all_.timed_out || others.timed_out;
        for (auto& item : others.answers) all_.answers.push_back(std::move(item));
        finish_if_complete();
    }

  private:
    void finish_if_complete() {
        if (cluster_pending_ || expected_ != arrived_ || !done_) return;
        core_.post_first([done = std::exchange(done_, nullptr), all = std::move(all_)] { done(all); });
    }

    ServerCore& core_;
    std::mutex mutex_;  // guards everything below
    bool cluster_pending_;
    std::optional<std::size_t> expected_;
    std::size_t arrived_ = 0;
    ClusterAnswers<Item> all_;
    Done done_;
};

// The other servers, when they are meant too.
ClusterAdapter* others_of(const ServerCore& core, bool local) {
    return local ? nullptr : core.cluster();
}

}  // namespace

Broadcast& Broadcast::to(std::string room) {
    target_.rooms.push_back(std::move(room));
    return *this;
}

Broadcast& Broadcast::except(std::string room) {
    target_.except.push_back(std::move(room));
    return *this;
}

Broadcast& Broadcast::as_volatile() {
    target_.is_volatile = true;
    return *this;
}

Broadcast& Broadcast::local() {
    local_ = true;
    return *this;
}

void Broadcast::emit(const EncodedEvent& event) const {
    if (core_ == nullptr) return;
    if (auto* others = others_of(*core_, local_)) others->broadcast(nsp_, event.data(), target_);
    core_->deliver(nsp_, event, target_);
}

void Broadcast::emit(std::string_view name, std::string_view args, const Attachments& attachments) const {
    emit(EncodedEvent(name, args, nsp_, attachments));
}

void Broadcast::emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                              std::function<void(const Answers&)> done, const Attachments& attachments) const {
    if (core_ == nullptr) return;
    JsonData event{event_json(name, args), attachments};
    auto* cluster = others_of(*core_, local_);
    const auto gathering = std::make_shared<Gathering<JsonData>>(*core_, cluster != nullptr, std::move(done));
    if (cluster != nullptr) {
        cluster->broadcast_with_ack(nsp_, event, target_, timeout,
                                    [gathering](Answers others) { gathering->add_cluster(std::move(others)); });
    }
    core_->ask(ServerCore::Question{
        nsp_, std::move(event), target_, timeout, [gathering](std::size_t count) { gathering->expect(count); },
        [gathering](std::optional<JsonData> answer) { gathering->add(std::move(answer)); }});
}

void Broadcast::sockets_join(std::vector<std::string> rooms) const {
    if (core_ == nullptr) return;
    if (auto* others = others_of(*core_, local_)) others->join_rooms(nsp_, target_, rooms);
    core_->join_rooms(nsp_, target_, std::move(rooms));
}

void Broadcast::sockets_leave(std::vector<std::string> rooms) const {
    if (core_ == nullptr) return;
    if (auto* others = others_of(*core_, local_)) others->leave_rooms(nsp_, target_, rooms);
    core_->leave_rooms(nsp_, target_, std::move(rooms));
}

void Broadcast::disconnect_sockets(bool close_connection) const {
    if (core_ == nullptr) return;
    if (auto* others = others_of(*core_, local_)) others->disconnect(nsp_, target_, close_connection);
    core_->disconnect(nsp_, target_, close_connection);
}

void Broadcast::fetch_sockets(std::chrono::milliseconds timeout, std::function<void(const Sockets&)> done) const {
    if (core_ == nullptr) return;
    auto* cluster = others_of(*core_, local_);
    const auto gathering = std::make_shared<Gathering<RemoteSocket>>(*core_, cluster != nullptr, std::move(done));
    if (cluster != nullptr) {
        cluster->fetch_sockets(nsp_, target_, timeout,
                               [gathering](Sockets others) { gathering->add_cluster(std::move(others)); });
    }
    core_->list_sockets(nsp_, target_, [gathering](std::vector<RemoteSocket> here) {
        gathering->expect(here.size());
        for (auto& socket : here) gathering->add(std::move(socket));
    });
}

}  // namespace onhand::socketio
