#include "transport/socketio/engine_packet.hpp"

#include "base/text.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {

std::optional<EnginePacket> decode_engine_packet(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
    EnginePacket packet;
    packet.type = static_cast<EnginePacketType>(text[0] - '0');
    packet.data = text.substr(1);
    return packet;
}

PayloadReader::Status PayloadReader::next(EnginePacket& packet) {
    if (finished_) return Status::end;
    const auto end = rest_.find(payload_separator);
    const auto text = rest_.substr(0, end);
    if (end == std::string_view::npos) {
        finished_ = true;
    } else {
        rest_.remove_prefix(end + 1);
    }
    if (!text.empty() && text[0] == 'b') {
        auto bytes = base64_decode(text.substr(1));
        if (bytes) {
            binary_ = std::move(*bytes);
            packet = EnginePacket{EnginePacketType::message, true, binary_};
            return Status::packet;
        }
    } else if (const auto decoded = decode_engine_packet(text)) {
        packet = *decoded;
        return Status::packet;
    }
    finished_ = true;
    return Status::error;
}

std::string encode_handshake(std::string_view sid, bool websocket_upgrade, std::chrono::milliseconds ping_interval,
                             std::chrono::milliseconds ping_timeout, std::size_t max_payload) {
    std::string out = "{\"sid\":";
    onhand::append_json_string(out, sid);
    out += websocket_upgrade ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]";
    out += ",\"pingInterval\":" + std::to_string(ping_interval.count());
    out += ",\"pingTimeout\":" + std::to_string(ping_timeout.count());
    out += ",\"maxPayload\":" + std::to_string(max_payload) + "}";
    return out;
}

}  // namespace onhand::socketio
