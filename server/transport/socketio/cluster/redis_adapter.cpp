#include "transport/socketio/cluster/redis_adapter.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "base/thread_name.hpp"
#include "transport/socketio/cluster/adapter_inbox.hpp"
#include "transport/socketio/cluster/redis_worker.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string random_uid() {
    std::array<std::uint8_t, 8> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    return to_hex(bytes);
}

RequestMessage request_of(RequestType type, Target target = {}) {
    RequestMessage message;
    message.type = type;
    message.target = std::move(target);
    return message;
}

RequestMessage event_request(JsonData event) {
    auto message = request_of(RequestType::server_side_emit);
    message.event = std::move(event);
    return message;
}

Ask question(const std::string& nsp, RequestMessage message, milliseconds timeout, AnswersHandler done) {
    return Ask{nsp, std::move(message), steady_clock::now() + timeout, std::move(done)};
}

}  // namespace

RedisAdapter::RedisAdapter(RedisSettings settings, std::function<void(bool)> connection_changed)
    : settings_(std::move(settings)),
      connection_changed_(std::move(connection_changed)),
      uid_(random_uid()),
      inbox_(std::make_shared<AdapterInbox>(settings_.queue_messages_max, settings_.queue_bytes_max)) {}

RedisAdapter::~RedisAdapter() {
    if (thread_.joinable()) stop();
}

void RedisAdapter::start(ClusterLocal& local, const std::vector<std::string>& namespaces) {
    ensure(worker_ == nullptr, "the adapter is started once");
    // Queued before the thread exists, so that it never counts as connected with none of them subscribed.
    for (const auto& nsp : namespaces) add_namespace(nsp);
    worker_ = std::make_unique<RedisWorker>(settings_, inbox_, local, uid_, connected_, connection_changed_);
    thread_ = std::thread([this] {
        name_thread("cluster");
        worker_->run();
    });
}

void RedisAdapter::stop() {
    ensure(thread_.joinable(), "the adapter is stopped once, after it was started");
    ensure(thread_.get_id() != std::this_thread::get_id(), "the adapter is not stopped by one of its handlers");
    inbox_->request_stop();
    thread_.join();
    worker_.reset();
}

void RedisAdapter::add_namespace(const std::string& nsp) {
    inbox_->push(AddNamespace{nsp});
}

void RedisAdapter::remove_namespace(const std::string& nsp) {
    inbox_->push(RemoveNamespace{nsp});
}

void RedisAdapter::broadcast(const std::string& nsp, JsonData event, Target target) {
    inbox_->push(SendBroadcast{nsp, std::move(event), std::move(target)});
}

void RedisAdapter::join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) {
    auto message = request_of(RequestType::remote_join, std::move(target));
    message.rooms = std::move(rooms);
    send(nsp, std::move(message));
}

void RedisAdapter::leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) {
    auto message = request_of(RequestType::remote_leave, std::move(target));
    message.rooms = std::move(rooms);
    send(nsp, std::move(message));
}

void RedisAdapter::disconnect(const std::string& nsp, Target target, bool close_connection) {
    auto message = request_of(RequestType::remote_disconnect, std::move(target));
    message.close = close_connection;
    send(nsp, std::move(message));
}

void RedisAdapter::server_event(const std::string& nsp, JsonData event) {
    send(nsp, event_request(std::move(event)));
}

void RedisAdapter::broadcast_with_ack(const std::string& nsp, JsonData event, Target target, milliseconds timeout,
                                      std::function<void(ClusterAnswers<JsonData>)> done) {
    auto message = request_of(RequestType::broadcast, std::move(target));
    message.nsp = nsp;
    message.event = std::move(event);
    message.timeout = timeout;
    inbox_->push(question(nsp, std::move(message), timeout, std::move(done)));
}

void RedisAdapter::fetch_sockets(const std::string& nsp, Target target, milliseconds timeout,
                                 std::function<void(ClusterAnswers<RemoteSocket>)> done) {
    auto message = request_of(RequestType::remote_fetch, std::move(target));
    inbox_->push(question(nsp, std::move(message), timeout, std::move(done)));
}

void RedisAdapter::server_event_with_ack(const std::string& nsp, JsonData event, milliseconds timeout,
                                         std::function<void(ClusterAnswers<JsonData>)> done) {
    inbox_->push(question(nsp, event_request(std::move(event)), timeout, std::move(done)));
}

RedisAdapterCounts RedisAdapter::counts() const {
    const auto& counters = inbox_->counters;
    return RedisAdapterCounts{counters.published, counters.dropped, counters.received, counters.malformed,
                              counters.unsendable};
}

void RedisAdapter::send(const std::string& nsp, RequestMessage message) {
    inbox_->push(SendRequest{nsp, std::move(message)});
}

}  // namespace onhand::socketio
