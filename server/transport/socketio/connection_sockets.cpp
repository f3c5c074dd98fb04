// The Socket.IO side of Connection: what messages mean, who joins which namespace, and how a client leaves.
#include <algorithm>
#include <utility>

#include "transport/socketio/connection.hpp"
#include "transport/socketio/server_core.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {

void Connection::on_socket_message(std::string_view bytes, bool binary) {
    std::optional<SocketPacket> packet;
    const auto verdict = binary ? socket_session_.on_binary(bytes, packet) : socket_session_.on_message(bytes, packet);
    switch (verdict) {
        case SocketSession::Verdict::nothing:
            return;
        case SocketSession::Verdict::connect:
            on_connect(*packet);
            return;
        case SocketSession::Verdict::refuse:
            send(encode_connect_error(packet->nsp, "Too many namespaces", {}));
            return;
        case SocketSession::Verdict::event:
            on_event(*packet);
            return;
        case SocketSession::Verdict::ack:
            on_ack(*packet);
            return;
        case SocketSession::Verdict::disconnect:
            on_client_disconnect(packet->nsp);
            return;
        case SocketSession::Verdict::close:
            break;
    }
    EngineActions actions;
    session_.on_parse_error(actions);
    run(actions);
}

void Connection::on_connect(SocketPacket& packet) {
    const auto* space = core().find_namespace(packet.nsp, packet.payload);
    if (space == nullptr) {
        refuse(std::string(packet.nsp), "Invalid namespace", {});
        return;
    }
    ConnectRequest::Parts request;
    request.connection = weak_from_this();
    request.gate = shard_.gate();
    request.space = space;
    request.nsp = packet.nsp;
    request.auth_json = packet.json;
    request.auth = std::move(packet.payload);
    request.handshake = handshake_;
    find_lost_session(request);
    ConnectRequest asking(std::move(request));
    if (asking.recovering()) asking.middlewares_done_ = space->middlewares.size();
    decide(std::move(asking));
}

// With connection state recovery a client that comes back sends the private id of its session and the offset of the
// last event it has seen.
void Connection::find_lost_session(ConnectRequest::Parts& request) {
    const auto* auth = request.auth.if_object();
    if (core().recovery() == nullptr || auth == nullptr) return;
    const auto* private_id = auth->if_contains("pid");
    const auto* offset = auth->if_contains("offset");
    if (private_id == nullptr || offset == nullptr || !private_id->is_string() || !offset->is_string()) return;
    request.lost = core().recovery()->take(private_id->get_string(), request.nsp, Clock::now());
    request.offset = offset->get_string();
}

void Connection::decide(ConnectRequest request) {
    const auto& space = *request.parts_.space;
    const auto next = request.middlewares_done_++;
    guarded([&] {
        if (next < space.middlewares.size()) {
            space.middlewares[next](std::move(request));
        } else {
            space.handler->on_connect(std::move(request));
        }
    });
}

SocketPtr Connection::accept(ConnectRequest::Parts request, std::shared_ptr<void> data) {
    if (!session_.open() || !socket_session_.joined(request.nsp)) return nullptr;
    std::optional<RecoveryLog::Missed> missed;
    if (request.lost) {
        missed = core().recovery()->missed(*request.lost, request.offset, shard_.index(), Clock::now());
        if (missed) shard_.deliver_recorded(missed->inbox);
    }
    Socket::Parts parts;
    parts.connection = this;
    parts.gate = shard_.gate();
    parts.io_index = shard_.index();
    parts.space = request.space;
    parts.nsp = std::move(request.nsp);
    parts.id = missed ? request.lost->socket_id : random_identifier(shard_.index(), shard_.shard_count());
    if (core().recovery() != nullptr) {
        parts.private_id = missed ? request.lost->private_id : random_identifier(shard_.index(), shard_.shard_count());
    }
    parts.handshake = handshake_;
    parts.recovered = missed.has_value();
    const auto socket = std::make_shared<Socket>(std::move(parts));
    socket->set_data(!data && missed ? std::move(request.lost->data) : std::move(data));
    // The client keeps events that come before the answer until it has that. The answer leaves before the socket can
    // be found by a broadcast.
    if (missed) {
        socket->rooms_ = std::move(request.lost->rooms);
        for (const auto& event : missed->events) send(event->packet);
    }
    send(encode_connect(socket->nsp(), socket->id(), socket->parts_.private_id));
    sockets_.push_back(socket);
    shard_.add_socket(socket);
    return socket;
}

void Connection::refuse(const std::string& nsp, std::string_view message, std::string_view data_json) {
    if (session_.open() && socket_session_.refused(nsp)) send(encode_connect_error(nsp, message, data_json));
}

void Connection::on_event(const SocketPacket& packet) {
    const auto socket = find_socket(packet.nsp);
    if (!socket) return;
    const auto& payload = packet.payload.get_array();
    const auto name = event_name(payload);
    Event event{name, payload, packet.json, packet.attachments, {}};
    if (packet.id) event.ack = AckHandle(socket, *packet.id);
    guarded([&] { socket->space().handler->on_event(*socket, event); });
}

void Connection::on_ack(const SocketPacket& packet) {
    const auto socket = find_socket(packet.nsp);
    if (!socket) return;
    const auto found = socket->pending_acks_.find(*packet.id);
    if (found == socket->pending_acks_.end()) return;
    const auto callback = std::move(found->second.answer);
    socket->pending_acks_.erase(found);
    const Answer answer{packet.payload.get_array(), packet.json, packet.attachments};
    guarded([&] { callback(&answer); });
}

void Connection::on_client_disconnect(std::string_view nsp) {
    if (const auto socket = find_socket(nsp)) detach(socket, "client namespace disconnect");
}

SocketPtr Connection::find_socket(std::string_view nsp) const {
    const auto found =
        std::find_if(sockets_.begin(), sockets_.end(), [nsp](const SocketPtr& socket) { return socket->nsp() == nsp; });
    return found == sockets_.end() ? nullptr : *found;
}

void Connection::detach(const SocketPtr& socket, std::string_view reason, bool recoverable) {
    socket->parts_.connection = nullptr;
    shard_.remove_socket(*socket);
    if (recoverable && core().recovery() != nullptr) keep_session(*socket);
    std::erase(sockets_, socket);
    const auto unanswered = std::exchange(socket->pending_acks_, {});
    for (const auto& [id, pending] : unanswered) guarded([&] { pending.answer(nullptr); });
    guarded([&] { socket->space().handler->on_disconnect(*socket, reason); });
    socket->drain_handler_ = nullptr;
}

void Connection::keep_session(const Socket& socket) {
    LostSession session;
    session.private_id = socket.parts_.private_id;
    session.socket_id = socket.id();
    session.nsp = socket.nsp();
    session.rooms = socket.rooms_;
    session.data = socket.data_;
    core().recovery()->keep(std::move(session), Clock::now());
}

bool Connection::send_recorded(const Socket& socket, const EncodedEvent& event) {
    if (!session_.open()) return false;
    Target target;
    target.rooms.push_back(socket.id());
    core().record(socket.nsp(), event.json(), event.packet().attachments, std::move(target), shard_.index());
    shard_.deliver_recorded();
    return true;
}

void Connection::expire_acks(TimePoint now) {
    const auto sockets = sockets_;
    for (const auto& socket : sockets) {
        std::vector<Socket::AckCallback> expired;
        std::erase_if(socket->pending_acks_, [&](auto& entry) {
            if (entry.second.deadline > now) return false;
            expired.push_back(std::move(entry.second.answer));
            return true;
        });
        for (const auto& answer : expired) guarded([&] { answer(nullptr); });
    }
}

}  // namespace onhand::socketio
