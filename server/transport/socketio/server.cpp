#include "transport/socketio/server.hpp"

#include <boost/asio/post.hpp>
#include <cstdlib>
#include <utility>

#include "transport/socketio/connection.hpp"
#include "transport/socketio/polling_reply.hpp"
#include "transport/socketio/request_check.hpp"
#include "transport/socketio/server_core.hpp"
#include "transport/socketio/shard.hpp"
#include "transport/socketio/text_codec.hpp"
#include "transport/socketio/ws_handshake.hpp"

namespace onhand::socketio {
namespace {

constexpr std::size_t io_threads_max = 64;

// A polling request on the thread that owns its session, or begins one.
void route_polling(Shard& shard, const RequestView& request, const std::string& sid, const PendingReplyPtr& pending) {
    if (sid.empty()) {
        auto refusal = check_new_session(shard.core(), request, Transport::polling);
        if (refusal) return pending->deliver(refusal_reply(*refusal));
        const auto connection = shard.make_connection(Transport::polling, request);
        if (!connection) return pending->deliver(busy_reply());
        return connection->open_polling(pending);
    }
    auto connection = shard.find_connection(sid);
    if (connection) connection->catch_up_and_settle();
    if (!connection || connection->gone()) return pending->deliver(error_reply(RequestError::session_unknown));
    const bool known_method = request.method == "GET" || request.method == "POST";
    if (requested_transport(request) != Transport::polling || !connection->expects(Transport::polling) ||
        !known_method) {
        return pending->deliver(error_reply(RequestError::bad_request));
    }
    pending->connection = connection;
    if (request.method == "GET") {
        connection->on_get(pending);
    } else {
        connection->on_post_begin(pending);
    }
}

void refuse_websocket(Shard& shard, TcpSocket socket, unsigned status, std::string_view message) {
    std::make_shared<WsConnection>(shard, std::move(socket))->refuse(http_error_answer(status, message));
}

// A WebSocket request on the thread that owns its session, or begins one.
void route_websocket(Shard& shard, TcpSocket socket, const RequestView& request, const std::string& sid,
                     std::string leftover) {
    const auto refuse = [&](unsigned status, std::string_view message) {
        refuse_websocket(shard, std::move(socket), status, message);
    };
    if (sid.empty()) {
        const auto refusal = check_new_session(shard.core(), request, Transport::websocket);
        if (refusal) return refuse(refusal->error == RequestError::forbidden ? 403 : 400, refusal->message);
        const auto connection = shard.make_connection(Transport::websocket, request);
        if (!connection) return refuse(503, "Server busy");
        const auto websocket = std::make_shared<WsConnection>(shard, std::move(socket));
        return connection->open_websocket(websocket, switching_protocols_answer(request), std::move(leftover));
    }
    const auto connection = shard.find_connection(sid);
    if (connection) connection->catch_up_and_settle();
    if (!connection || connection->gone()) return refuse(400, to_text(RequestError::session_unknown));
    if (requested_transport(request) != Transport::websocket || !is_valid_upgrade(request) ||
        !connection->try_upgrade()) {
        return refuse(400, to_text(RequestError::bad_request));
    }
    const auto websocket = std::make_shared<WsConnection>(shard, std::move(socket));
    connection->start_upgrade(websocket, switching_protocols_answer(request), std::move(leftover));
}

void deliver_body(const PendingReplyPtr& pending, std::string_view body, std::string_view content_type) {
    if (pending->done) return;
    const auto connection = pending->connection.lock();
    if (!connection || connection->gone()) return pending->deliver(error_reply(RequestError::session_unknown));
    connection->on_post_body(pending, body, content_type);
}

// Runs `task` on the owner's thread: at once when that is this one.
template <class Task>
void on_owner(const PendingReplyPtr& pending, Task task) {
    if (pending->same_thread) {
        task();
    } else {
        pending->owner->post(std::move(task));
    }
}

}  // namespace

PollingExchange::PollingExchange(std::shared_ptr<PendingReply> pending, bool is_post)
    : pending_(std::move(pending)), is_post_(is_post) {
    pending_->awaiting_body = is_post;
}

PollingExchange::~PollingExchange() {
    pending_->cancel();
    on_owner(pending_, [pending = pending_, is_post = is_post_] {
        if (std::exchange(pending->done, true)) return;
        const auto connection = pending->connection.lock();
        if (!connection || connection->gone()) return;
        if (is_post) {
            connection->on_post_aborted();
        } else {
            connection->on_get_aborted(pending);
        }
    });
}

std::optional<HttpReply> PollingExchange::finish_body(std::string_view body, std::string_view content_type) {
    pending_->awaiting_body = false;
    if (pending_->early) return std::exchange(pending_->early, std::nullopt);
    if (!pending_->same_thread) {
        pending_->owner->post([pending = pending_, copy = std::string(body), type = std::string(content_type)] {
            deliver_body(pending, copy, type);
        });
        return std::nullopt;
    }
    pending_->begin_call();
    deliver_body(pending_, body, content_type);
    return pending_->end_call();
}

HttpReply PollingExchange::body_too_large() {
    on_owner(pending_, [pending = pending_] {
        if (std::exchange(pending->done, true)) return;
        if (const auto connection = pending->connection.lock()) connection->on_post_too_large();
    });
    auto reply = text_reply(413, {});
    reply.fields = pending_->fields;
    return reply;
}

Server::Server(Options options, std::vector<boost::asio::io_context*> io_threads) {
    if (io_threads.empty() || io_threads.size() > io_threads_max) std::abort();
    core_ = std::make_unique<ServerCore>(std::move(options), io_threads);
}

Server::~Server() = default;

void Server::add_namespace(std::string name, NamespaceHandler& handler, std::vector<Middleware> middlewares) {
    core_->add_namespace(std::move(name), Namespace{&handler, std::move(middlewares), {}});
}

void Server::add_namespaces(Matcher matches, NamespaceHandler& handler, std::vector<Middleware> middlewares) {
    core_->add_family(Namespace{&handler, std::move(middlewares), std::move(matches)});
}

void Server::set_allow_request(AllowRequest allow_request) {
    core_->allow_request = std::move(allow_request);
}

void Server::set_cluster(std::unique_ptr<ClusterAdapter> adapter) {
    core_->set_cluster(std::move(adapter));
}

const Options& Server::options() const {
    return core_->options;
}

bool Server::handles(std::string_view target) const {
    return target.starts_with(core_->options.path);
}

PollingStart Server::begin_polling(unsigned io_index, const RequestView& request, ReplyHandler handler) {
    PollingStart start;
    start.reply = preflight_reply(core_->options, request);
    if (start.reply) return start;
    auto fields = cors_fields(core_->options, request);
    if (const auto error = check_request(request)) {
        start.reply = error_reply(*error);
        start.reply->fields = std::move(fields);
        return start;
    }
    const auto sid = query_parameter(request.target, "sid").value_or("");
    const auto shard_count = static_cast<unsigned>(core_->shards.size());
    const auto owner = sid.empty() ? std::optional(io_index) : identifier_owner(sid, shard_count);
    if (!owner) {
        start.reply = error_reply(RequestError::session_unknown);
        start.reply->fields = std::move(fields);
        return start;
    }
    Shard& home = *core_->shards.at(io_index);
    Shard& shard = *core_->shards.at(*owner);
    const auto pending = std::make_shared<PendingReply>(home.gate(), std::move(handler));
    pending->owner = shard.gate();
    pending->fields = std::move(fields);
    pending->same_thread = *owner == io_index;
    const bool is_post = request.method == "POST";
    if (pending->same_thread) {
        pending->begin_call();
        route_polling(shard, request, sid, pending);
        start.reply = pending->end_call();
        if (start.reply) return start;
    } else {
        boost::asio::post(shard.io(), [&shard, sid, pending, copy = RequestCopy(request)] {
            route_polling(shard, copy.view(), sid, pending);
        });
    }
    start.exchange = std::make_unique<PollingExchange>(pending, is_post);
    return start;
}

PollingStart Server::handle_polling(unsigned io_index, const RequestView& request, std::string_view body,
                                    ReplyHandler handler) {
    auto start = begin_polling(io_index, request, std::move(handler));
    if (start.reply || request.method != "POST") return start;
    if (body.size() > core_->options.max_payload) {
        start.reply = start.exchange->body_too_large();
    } else {
        start.reply = start.exchange->finish_body(body, request.content_type);
    }
    if (start.reply) start.exchange.reset();
    return start;
}

void Server::accept_websocket(unsigned io_index, TcpSocket socket, const RequestView& request,
                              std::string_view leftover) {
    Shard& here = *core_->shards.at(io_index);
    if (const auto error = check_request(request)) {
        return refuse_websocket(here, std::move(socket), 400, to_text(*error));
    }
    const auto sid = query_parameter(request.target, "sid").value_or("");
    const auto shard_count = static_cast<unsigned>(core_->shards.size());
    const auto owner = sid.empty() ? std::optional(io_index) : identifier_owner(sid, shard_count);
    if (!owner) return refuse_websocket(here, std::move(socket), 400, to_text(RequestError::session_unknown));
    if (*owner == io_index) return route_websocket(here, std::move(socket), request, sid, std::string(leftover));

    // The descriptor moves to the io_context of the session's thread.
    boost::system::error_code error;
    const auto protocol = socket.local_endpoint(error).protocol();
    if (error) return;
    const int descriptor = socket.release(error);
    if (error) return;
    Shard& shard = *core_->shards.at(*owner);
    boost::asio::post(shard.io(), [&shard, sid, descriptor, protocol, copy = RequestCopy(request),
                                   rest = std::string(leftover)]() mutable {
        TcpSocket moved(shard.io());
        boost::system::error_code failed;
        moved.assign(protocol, descriptor, failed);
        if (!failed) route_websocket(shard, std::move(moved), copy.view(), sid, std::move(rest));
    });
}

std::optional<bool> Server::cluster_connected() const {
    const auto* cluster = core_->cluster();
    return cluster == nullptr ? std::nullopt : std::optional(cluster->connected());
}

Broadcast Server::in(std::string_view nsp) {
    return Broadcast(core_.get(), std::string(nsp));
}

void Server::server_side_emit(std::string_view nsp, std::string_view name, std::string_view args,
                              const Attachments& attachments) {
    if (auto* cluster = core_->cluster()) {
        cluster->server_event(std::string(nsp), JsonData{event_json(name, args), attachments});
    }
}

void Server::server_side_emit(std::string_view nsp, std::string_view name, std::string_view args,
                              std::chrono::milliseconds timeout,
                              std::function<void(const ClusterAnswers<JsonData>&)> done) {
    const auto tell = [core = core_.get(), done = std::move(done)](ClusterAnswers<JsonData> answers) {
        core->post_first([done, answers = std::move(answers)] { done(answers); });
    };
    auto* cluster = core_->cluster();
    if (cluster == nullptr) return tell({});
    cluster->server_event_with_ack(std::string(nsp), JsonData{event_json(name, args), {}}, timeout, tell);
}

void Server::for_each_socket(std::string_view nsp, std::function<void(Socket&)> visit) {
    core_->for_each(std::string(nsp), {}, std::move(visit));
}

void Server::with_socket(std::string_view nsp, std::string socket_id, std::function<void(Socket&)> task) {
    Target target;
    target.rooms.push_back(std::move(socket_id));
    core_->for_each(std::string(nsp), std::move(target), std::move(task));
}

void Server::shutdown(std::function<void()> done) {
    core_->on_stopped = std::move(done);
    core_->stopping = true;
    for (const auto& shard : core_->shards) {
        boost::asio::post(shard->io(), [target = shard.get()] { target->close_all(); });
    }
}

Server::Counts Server::counts() const {
    return Counts{core_->sessions, core_->websockets, core_->sockets, core_->slow_closed};
}

}  // namespace onhand::socketio
