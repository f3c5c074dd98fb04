#include "transport/socketio/socket_session.hpp"

#include <algorithm>
#include <utility>

namespace onhand::socketio {

std::vector<SocketSession::Membership>::iterator SocketSession::find(std::string_view nsp) {
    return std::find_if(memberships_.begin(), memberships_.end(),
                        [nsp](const Membership& membership) { return membership.nsp == nsp; });
}

SocketSession::Verdict SocketSession::on_connect(const SocketPacket& packet) {
    const auto found = find(packet.nsp);
    if (found != memberships_.end()) {
        // The client repeats its CONNECT when the application calls connect() early; one decision answers both.
        return found->joined ? Verdict::close : Verdict::nothing;
    }
    if (memberships_.size() >= namespaces_per_connection_max) return Verdict::refuse;
    memberships_.push_back(Membership{std::string(packet.nsp), false});
    return Verdict::connect;
}

SocketSession::Verdict SocketSession::on_message(std::string_view text, std::optional<SocketPacket>& packet) {
    if (incomplete_) return Verdict::close;
    // Attachments come in further messages, so the text of a binary packet has to be kept.
    const bool binary = text.starts_with('5') || text.starts_with('6');
    const auto storage = binary ? std::make_shared<const std::string>(text) : nullptr;
    packet = decode_socket_packet(binary ? *storage : text, attachment_limit_);
    if (!packet) return Verdict::close;
    if (!binary) return on_decoded(*packet);
    const auto found = find(packet->nsp);
    if (found == memberships_.end() || !found->joined) return Verdict::close;
    packet->storage = storage;
    incomplete_ = std::make_unique<SocketPacket>(std::move(*packet));
    return Verdict::nothing;
}

SocketSession::Verdict SocketSession::on_binary(std::string_view bytes, std::optional<SocketPacket>& packet) {
    if (!incomplete_) return Verdict::close;
    incomplete_->attachments.emplace_back(bytes);
    if (incomplete_->attachments.size() < incomplete_->attachments_due) return Verdict::nothing;
    packet = std::move(*std::exchange(incomplete_, nullptr));
    return complete_binary_packet(*packet) ? on_decoded(*packet) : Verdict::close;
}

SocketSession::Verdict SocketSession::on_decoded(const SocketPacket& packet) {
    if (packet.type == SocketPacketType::connect) return on_connect(packet);
    const auto found = find(packet.nsp);
    if (found == memberships_.end() || !found->joined) return Verdict::close;
    switch (packet.type) {
        case SocketPacketType::disconnect:
            memberships_.erase(found);
            return Verdict::disconnect;
        case SocketPacketType::event:
            return packet.json.empty() ? Verdict::nothing : Verdict::event;
        case SocketPacketType::ack:
            return packet.json.empty() || !packet.id ? Verdict::nothing : Verdict::ack;
        case SocketPacketType::connect:
        case SocketPacketType::connect_error:
        case SocketPacketType::binary_event:
        case SocketPacketType::binary_ack:
            break;
    }
    return Verdict::close;
}

bool SocketSession::joined(std::string_view nsp) {
    const auto found = find(nsp);
    if (found == memberships_.end() || found->joined) return false;
    found->joined = true;
    join_by_ = TimePoint::max();
    return true;
}

bool SocketSession::refused(std::string_view nsp) {
    const auto found = find(nsp);
    if (found == memberships_.end() || found->joined) return false;
    memberships_.erase(found);
    return true;
}

void SocketSession::leave(std::string_view nsp) {
    const auto found = find(nsp);
    if (found != memberships_.end()) memberships_.erase(found);
}

}  // namespace onhand::socketio
