#include "transport/socketio/socket.hpp"

#include <algorithm>
#include <utility>

#include "transport/socketio/connection.hpp"
#include "transport/socketio/server_core.hpp"

namespace onhand::socketio {

bool Socket::send(const EncodedPacket& packet) {
    return connected() && parts_.connection->send(packet);
}

bool Socket::send_volatile(const EncodedPacket& packet) {
    return connected() && parts_.connection->takes_now() && parts_.connection->send(packet);
}

bool Socket::emit(const EncodedEvent& event) {
    auto* connection = parts_.connection;
    if (connection == nullptr) return false;
    if (connection->core().recovery() == nullptr) return connection->send(event.packet());
    return connection->send_recorded(*this, event);
}

bool Socket::emit(std::string_view name, std::string_view args, const Attachments& attachments) {
    return emit(EncodedEvent(name, args, parts_.nsp, attachments));
}

bool Socket::emit_volatile(const EncodedEvent& event) {
    return send_volatile(event.packet());
}

bool Socket::emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                           AckCallback answer, const Attachments& attachments) {
    auto* connection = parts_.connection;
    if (connection == nullptr) return false;
    const auto id = connection->core().next_ack_id();
    return ask(encode_event(parts_.nsp, event_json(name, args), encode_attachments(attachments), id), id, timeout,
               std::move(answer));
}

bool Socket::ask(const EncodedPacket& packet, std::uint64_t ack_id, std::chrono::milliseconds timeout,
                 AckCallback answer) {
    auto* connection = parts_.connection;
    if (connection == nullptr || pending_acks_.size() >= pending_acks_max) return false;
    if (!connection->send(packet)) return false;
    pending_acks_.emplace(ack_id, PendingAck{Clock::now() + timeout, std::move(answer)});
    connection->reschedule();
    return true;
}

bool Socket::join(const std::string& room) {
    auto* connection = parts_.connection;
    if (connection == nullptr) return false;
    if (room == parts_.id || std::find(rooms_.begin(), rooms_.end(), room) != rooms_.end()) return true;
    if (rooms_.size() >= rooms_per_socket_max) return false;
    rooms_.push_back(room);
    connection->shard().join_room(room, *this);
    return true;
}

void Socket::leave(const std::string& room) {
    auto* connection = parts_.connection;
    const auto found = std::find(rooms_.begin(), rooms_.end(), room);
    if (connection == nullptr || found == rooms_.end()) return;
    connection->shard().leave_room(room, *this);
    rooms_.erase(found);
}

Broadcast Socket::to(std::string room) const {
    auto others = broadcast();
    others.to(std::move(room));
    return others;
}

Broadcast Socket::broadcast() const {
    auto* connection = parts_.connection;
    Target target;
    target.except.push_back(parts_.id);
    return Broadcast(connection != nullptr ? &connection->core() : nullptr, parts_.nsp, std::move(target));
}

void Socket::disconnect(bool close_connection) {
    auto* connection = parts_.connection;
    if (connection != nullptr) connection->disconnect(*this, close_connection);
}

bool Socket::writable() const {
    auto* connection = parts_.connection;
    return connection != nullptr && connection->writable();
}

std::size_t Socket::queued_bytes() const {
    auto* connection = parts_.connection;
    return connection != nullptr ? connection->queued_bytes() : 0;
}

void Socket::post(std::function<void(Socket&)> task) {
    parts_.gate->post([self = shared_from_this(), run = std::move(task)] {
        if (self->connected()) run(*self);
    });
}

}  // namespace onhand::socketio
