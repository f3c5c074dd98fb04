// Engine.IO 4 packets: the text form of one packet, the polling payload (packets joined with U+001E) and the
// handshake. Called by the connection with whole WebSocket messages or whole POST bodies; keeps no state between
// them and does no input or output. Socket.IO packets travel inside packets of type message and are not read here.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace onhand::socketio {

enum class EnginePacketType : unsigned char { open, close, ping, pong, message, upgrade, noop };

// A packet as received. `data` refers to the buffer it was decoded from.
struct EnginePacket {
    EnginePacketType type = EnginePacketType::noop;
    bool binary = false;  // only for message: `data` is bytes, not text
    std::string_view data;
};

constexpr char payload_separator = '\x1e';

// Decodes a text packet: one digit 0 to 6 and the rest. Nothing when it is empty or begins with anything else.
std::optional<EnginePacket> decode_engine_packet(std::string_view text);

// Goes through a polling payload packet by packet, so that those before a bad one can be processed.
class PayloadReader {
  public:
    enum class Status : unsigned char { packet, end, error };

    // `body` must outlive the reader.
    explicit PayloadReader(std::string_view body) : rest_(body) {}

    // Decodes the next packet; its data is good until the next call. After `error` the reader is finished.
    Status next(EnginePacket& packet);

  private:
    std::string_view rest_;
    std::string binary_;
    bool finished_ = false;
};

// The JSON of the open packet, with exactly the five keys the protocol names.
std::string encode_handshake(std::string_view sid, bool websocket_upgrade, std::chrono::milliseconds ping_interval,
                             std::chrono::milliseconds ping_timeout, std::size_t max_payload);

}  // namespace onhand::socketio
