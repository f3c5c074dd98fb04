#include "transport/socketio/shard.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "transport/socketio/connection.hpp"
#include "transport/socketio/request_check.hpp"
#include "transport/socketio/server_core.hpp"
#include "transport/socketio/text_codec.hpp"
#include "transport/socketio/ws_connection.hpp"

namespace onhand::socketio {
namespace {

constexpr std::size_t read_buffer_bytes = 65536;
// Below so many WebSockets one system call each is as fast.
constexpr std::size_t ring_worthwhile = 8;

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
      read_buffer_(read_buffer_bytes),
      ring_(core.options.batch_sends) {}

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
    auto connection = std::make_shared<Connection>(
        *this, sid, transport, std::make_shared<const Handshake>(make_handshake(request, transport)));
    connections_.emplace(std::move(sid), connection);
    connection->reschedule();
    return connection;
}

std::shared_ptr<Connection> Shard::find_connection(std::string_view sid) {
    const auto found = connections_.find(sid);
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

unsigned Shard::shard_count() const {
    return static_cast<unsigned>(core_.shards.size());
}

// Clients and their rooms.

void Shard::add_socket(SocketPtr socket) {
    const auto [table, first] = sockets_.try_emplace(socket->nsp());
    if (first) core_.namespace_opened(socket->nsp(), socket->space());
    table->second.add(std::move(socket));
    core_.sockets.fetch_add(1);
}

void Shard::remove_socket(const Socket& socket) {
    const auto table = sockets_.find(socket.nsp());
    if (table == sockets_.end()) return;
    table->second.remove(socket);
    core_.sockets.fetch_sub(1);
    if (!table->second.empty()) return;
    sockets_.erase(table);
    core_.namespace_closed(socket.nsp());
}

SocketPtr Shard::find_socket(std::string_view nsp, std::string_view id) const {
    const auto table = sockets_.find(nsp);
    return table == sockets_.end() ? nullptr : table->second.find(id);
}

void Shard::join_room(const std::string& room, Socket& socket) {
    const auto table = sockets_.find(socket.nsp());
    if (table != sockets_.end()) table->second.join(room, socket);
}

void Shard::leave_room(const std::string& room, Socket& socket) {
    const auto table = sockets_.find(socket.nsp());
    if (table != sockets_.end()) table->second.leave(room, socket);
}

std::vector<SocketPtr> Shard::select(std::string_view nsp, const Target& target) const {
    const auto table = sockets_.find(nsp);
    return table == sockets_.end() ? std::vector<SocketPtr>() : table->second.select(target);
}

std::vector<std::string> Shard::rooms(std::string_view nsp) const {
    const auto table = sockets_.find(nsp);
    return table == sockets_.end() ? std::vector<std::string>() : table->second.rooms();
}

void Shard::deliver(std::string_view nsp, const EncodedPacket& packet, const Target& target) {
    const auto table = sockets_.find(nsp);
    if (table == sockets_.end()) return;
    // Sending never calls the application back, so the table stays as it is.
    table->second.for_each(target, [&](Socket& socket) {
        if (target.is_volatile) {
            socket.send_volatile(packet);
        } else {
            socket.send(packet);
        }
    });
}

void Shard::deliver_recorded() {
    deliver_recorded(core_.recovery()->take_inbox(index_));
}

void Shard::deliver_recorded(const std::vector<RecordedEventPtr>& events) {
    for (const auto& event : events) deliver(event->nsp, event->packet, event->target);
}

std::size_t Shard::ask(std::string_view nsp, const Target& target, const EncodedPacket& packet, std::uint64_t ack_id,
                       std::chrono::milliseconds timeout, const std::function<void(const Answer*)>& answered) {
    std::size_t asked = 0;
    for (const auto& socket : select(nsp, target)) {
        if (socket->ask(packet, ack_id, timeout, answered)) ++asked;
    }
    return asked;
}

void Shard::flush_later(std::shared_ptr<Connection> connection) {
    unflushed_.push_back(std::move(connection));
    if (unflushed_.size() > 1) return;
    boost::asio::post(io_, [this] {
        const auto connections = std::exchange(unflushed_, {});
        for (const auto& unflushed : connections) unflushed->flush();
    });
}

std::size_t Shard::flush_later(WsConnection& websocket) {
    unflushed_websockets_.push_back(&websocket);
    if (unflushed_websockets_.size() == 1) boost::asio::post(io_, [this] { flush_websockets(); });
    return unflushed_websockets_.size() - 1;
}

void Shard::forget_flush(std::size_t slot) {
    if (slot != no_slot) unflushed_websockets_.at(slot) = nullptr;
}

// Writing calls nobody back, so no WebSocket ends meanwhile.
void Shard::flush_websockets() {
    flushing_websockets_.swap(unflushed_websockets_);
    const bool many = flushing_websockets_.size() >= ring_worthwhile;
    for (auto* websocket : flushing_websockets_) {
        if (websocket == nullptr) continue;
        if (many && ring_.available() && websocket->has_single_frame()) {
            ring_.add(websocket->descriptor(), websocket->front_bytes());
            in_ring_.push_back(websocket);
            if (ring_.full()) submit_ring();
        } else {
            websocket->flush_queued();
        }
    }
    submit_ring();
    flushing_websockets_.clear();
}

void Shard::submit_ring() {
    if (in_ring_.empty()) return;
    const auto results = ring_.submit();
    for (std::size_t i = 0; i < in_ring_.size(); ++i) in_ring_[i]->on_front_sent(results[i]);
    in_ring_.clear();
}

void Shard::close_all() {
    std::vector<std::shared_ptr<Connection>> connections;
    connections.reserve(connections_.size());
    for (const auto& [sid, connection] : connections_) connections.push_back(connection);
    for (const auto& connection : connections) connection->shut_down();
    check_stopped();
}

void Shard::check_stopped() {
    if (!core_.stopping || core_.sessions != 0 || core_.websockets != 0) return;
    // Posted, so that the last answers to polling requests go their way first.
    if (!core_.stopped.exchange(true) && core_.on_stopped) boost::asio::post(io_, core_.on_stopped);
}

}  // namespace onhand::socketio
