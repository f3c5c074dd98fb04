#include "transport/socketio/shard.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "transport/socketio/connection.hpp"
#include "transport/socketio/text_codec.hpp"
#include "transport/socketio/ws_connection.hpp"

namespace onhand::socketio {
namespace {

constexpr std::size_t read_buffer_bytes = 65536;

std::shared_ptr<const Handshake> copy_handshake(Transport transport, const RequestView& request) {
    auto handshake = std::make_shared<Handshake>();
    handshake->transport = transport;
    handshake->target = request.target;
    handshake->origin = request.origin;
    handshake->cookie = request.cookie;
    handshake->host = request.host;
    handshake->user_agent = request.user_agent;
    handshake->authorization = request.authorization;
    handshake->remote_address = request.remote_address;
    handshake->secure = request.secure;
    return handshake;
}

}  // namespace

void DeadlineQueue::schedule(Timed& timed, TimePoint when) {
    if (when == TimePoint::max()) return;
    if (timed.scheduled_) {
        if (timed.entry_->first <= when) return;
        entries_.erase(timed.entry_);
    }
    timed.entry_ = entries_.emplace(when, &timed);
    timed.scheduled_ = true;
}

void DeadlineQueue::remove(Timed& timed) {
    if (!timed.scheduled_) return;
    entries_.erase(timed.entry_);
    timed.scheduled_ = false;
}

void DeadlineQueue::run(TimePoint now) {
    while (!entries_.empty() && entries_.begin()->first <= now) {
        Timed& timed = *entries_.begin()->second;
        remove(timed);
        timed.on_deadline(now);
    }
}

Shard::Shard(ServerCore& core, boost::asio::io_context& io, unsigned index)
    : core_(core),
      io_(io),
      gate_(std::make_shared<IoGate>(io)),
      index_(index),
      timer_(io),
      read_buffer_(read_buffer_bytes) {}

Shard::~Shard() {
    gate_->close();
    // Connections may outlive the shard in handlers that will never run; they must not come back to it.
    for (auto& [sid, connection] : connections_) connection->abandon();
    for (auto* websocket : websockets_) websocket->abandon();
}

void Shard::schedule(Timed& timed, TimePoint when) {
    deadlines_.schedule(timed, when);
    if (deadlines_.earliest() < timer_at_) arm_timer();
}

void Shard::arm_timer() {
    timer_at_ = deadlines_.earliest();
    if (timer_at_ == TimePoint::max()) return;
    timer_.expires_at(timer_at_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        timer_at_ = TimePoint::max();
        deadlines_.run(Clock::now());
        if (deadlines_.earliest() < timer_at_) arm_timer();
    });
}

std::shared_ptr<Connection> Shard::make_connection(Transport transport, const RequestView& request) {
    if (core_.stopping) return nullptr;
    if (core_.sessions.fetch_add(1) >= core_.options.sessions_max) {
        core_.sessions.fetch_sub(1);
        return nullptr;
    }
    auto sid = random_identifier(index_, shard_count());
    auto connection = std::make_shared<Connection>(*this, sid, transport, copy_handshake(transport, request));
    connections_.emplace(std::move(sid), connection);
    connection->reschedule();
    return connection;
}

std::shared_ptr<Connection> Shard::find_connection(std::string_view sid) {
    const auto found = connections_.find(std::string(sid));
    return found == connections_.end() ? nullptr : found->second;
}

void Shard::forget_connection(const std::string& sid) {
    const auto found = connections_.find(sid);
    if (found == connections_.end()) return;
    unschedule(*found->second);
    connections_.erase(found);
    core_.sessions.fetch_sub(1);
    check_stopped();
}

void Shard::add_websocket(WsConnection& websocket) {
    websockets_.insert(&websocket);
    core_.websockets.fetch_add(1);
}

void Shard::remove_websocket(WsConnection& websocket) {
    unschedule(websocket);
    if (websockets_.erase(&websocket) == 0) return;
    core_.websockets.fetch_sub(1);
    check_stopped();
}

void Shard::add_socket(SocketPtr socket) {
    auto& table = sockets_[socket->nsp()];
    const auto [place, added] = table.emplace(socket->id(), std::move(socket));
    if (added) core_.sockets.fetch_add(1);
}

void Shard::remove_socket(const Socket& socket) {
    const auto table = sockets_.find(socket.nsp());
    if (table != sockets_.end() && table->second.erase(socket.id()) > 0) core_.sockets.fetch_sub(1);
}

SocketPtr Shard::find_socket(std::string_view nsp, const std::string& id) {
    const auto table = sockets_.find(nsp);
    if (table == sockets_.end()) return nullptr;
    const auto found = table->second.find(id);
    return found == table->second.end() ? nullptr : found->second;
}

std::vector<SocketPtr> Shard::sockets_of(std::string_view nsp) const {
    std::vector<SocketPtr> out;
    const auto table = sockets_.find(nsp);
    if (table == sockets_.end()) return out;
    out.reserve(table->second.size());
    for (const auto& [id, socket] : table->second) out.push_back(socket);
    return out;
}

void Shard::broadcast(std::string_view nsp, const EncodedEvent& event) {
    const auto table = sockets_.find(nsp);
    if (table == sockets_.end()) return;
    // Sending never calls the application back, so the table stays as it is.
    for (const auto& [id, socket] : table->second) socket->emit(event);
}

void Shard::flush_later(std::shared_ptr<Connection> connection) {
    unflushed_.push_back(std::move(connection));
    if (unflushed_.size() > 1) return;
    boost::asio::post(io_, [this] {
        const auto connections = std::exchange(unflushed_, {});
        for (const auto& unflushed : connections) unflushed->flush();
    });
}

void Shard::close_all() {
    std::vector<std::shared_ptr<Connection>> connections;
    connections.reserve(connections_.size());
    for (const auto& [sid, connection] : connections_) connections.push_back(connection);
    for (const auto& connection : connections) connection->close_now(CloseReason::server_shutting_down);
    check_stopped();
}

void Shard::check_stopped() {
    if (!core_.stopping || core_.sessions != 0 || core_.websockets != 0) return;
    // Posted, so that the last answers to polling requests go their way first.
    if (!core_.stopped.exchange(true) && core_.on_stopped) boost::asio::post(io_, core_.on_stopped);
}

}  // namespace onhand::socketio
