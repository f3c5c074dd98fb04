#include "transport/socketio/socket.hpp"

#include <utility>

#include "transport/socketio/connection.hpp"

namespace onhand::socketio {

void AckHandle::reply(std::string_view args) {
    const auto id = std::exchange(id_, std::nullopt);
    const auto socket = socket_.lock();
    if (id && socket) socket->send(encode_ack(socket->nsp(), *id, args));
}

Socket::Socket(std::weak_ptr<Connection> connection, IoGatePtr gate, unsigned io_index, std::string nsp, std::string id,
               std::shared_ptr<const Handshake> handshake)
    : connection_(std::move(connection)),
      gate_(std::move(gate)),
      io_index_(io_index),
      nsp_(std::move(nsp)),
      id_(std::move(id)),
      handshake_(std::move(handshake)) {}

bool Socket::send(const Frame& frame) {
    if (!connected_) return false;
    const auto connection = connection_.lock();
    return connection && connection->send(frame);
}

bool Socket::emit(const EncodedEvent& event) {
    return send(event.frame());
}

bool Socket::emit(std::string_view name, std::string_view args) {
    return send(encode_event(nsp_, name, args));
}

bool Socket::emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                           AckCallback answer) {
    const auto connection = connection_.lock();
    if (!connected_ || !connection || pending_acks_.size() >= pending_acks_max) return false;
    const auto id = next_ack_id_++;
    if (!connection->send(encode_event(nsp_, name, args, id))) return false;
    pending_acks_.emplace(id, PendingAck{Clock::now() + timeout, std::move(answer)});
    connection->reschedule();
    return true;
}

void Socket::disconnect(bool close_connection) {
    const auto connection = connection_.lock();
    if (connected_ && connection) connection->disconnect(*this, close_connection);
}

bool Socket::writable() const {
    const auto connection = connection_.lock();
    return connected_ && connection && connection->writable();
}

std::size_t Socket::queued_bytes() const {
    const auto connection = connection_.lock();
    return connected_ && connection ? connection->queued_bytes() : 0;
}

void Socket::post(std::function<void(Socket&)> task) {
    gate_->post([self = shared_from_this(), run = std::move(task)] {
        if (self->connected_) run(*self);
    });
}

ConnectRequest::ConnectRequest(std::weak_ptr<Connection> connection, IoGatePtr gate, std::string_view nsp,
                               std::string_view auth_json, boost::json::value auth,
                               std::shared_ptr<const Handshake> handshake)
    : connection_(std::move(connection)),
      gate_(std::move(gate)),
      nsp_(nsp),
      auth_json_(auth_json),
      auth_(std::move(auth)),
      handshake_(std::move(handshake)) {}

ConnectRequest::~ConnectRequest() {
    if (connection_.expired()) return;
    gate_->dispatch([connection = std::move(connection_), nsp = std::move(nsp_)] {
        if (const auto alive = connection.lock()) alive->refuse(nsp, "Connection refused", {});
    });
}

SocketPtr ConnectRequest::accept(std::shared_ptr<void> data) {
    const auto connection = std::exchange(connection_, {}).lock();
    return connection ? connection->accept(nsp_, std::move(data)) : nullptr;
}

void ConnectRequest::refuse(std::string_view message, std::string_view data_json) {
    if (const auto connection = std::exchange(connection_, {}).lock()) connection->refuse(nsp_, message, data_json);
}

}  // namespace onhand::socketio
