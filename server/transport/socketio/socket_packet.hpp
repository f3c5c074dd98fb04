// Socket.IO 5 packets in text form: "<type>[<namespace>,][<ack id>][<json>]". The header is read by hand; the JSON is
// checked strictly (UTF-8, depth, shape per packet type) and handed on parsed. Called by the connection with the text
// of an Engine.IO message; keeps no state. Which packet may come when is decided in SocketSession.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/socketio/frame.hpp"

namespace onhand::socketio {

enum class SocketPacketType : unsigned char {
    connect,
    disconnect,
    event,
    ack,
    connect_error,
    binary_event,
    binary_ack,
};

constexpr std::string_view main_namespace = "/";
// Longer names are refused by closing; nobody has such a namespace.
constexpr std::size_t namespace_bytes_max = 256;
// JSON nested deeper than this is refused by closing.
constexpr std::size_t json_depth_max = 64;

// A packet as received; the views refer to the text it was decoded from.
struct SocketPacket {
    SocketPacketType type = SocketPacketType::event;
    std::string_view nsp = main_namespace;
    std::optional<std::uint64_t> id;
    std::string_view json;       // the payload's text, empty when there is none
    boost::json::value payload;  // the same parsed: object or null for connect, array for event and ack
};

// Decodes and checks one packet. Nothing when it breaks the protocol, and then the connection must be closed. Binary
// events and acks are refused like unknown types.
std::optional<SocketPacket> decode_socket_packet(std::string_view text);

// The event's name: the first element of its payload, for a number its decimal text. Needs a decoded event.
std::string event_name(const SocketPacket& packet);

// True for names an application must not send or receive as an event (connect, disconnect, …).
bool is_reserved_event(std::string_view name);

// Outgoing packets, ready for both transports. JSON arguments are UTF-8 text; `args` are JSON values separated by
// commas, without brackets, possibly none.
Frame encode_connect(std::string_view nsp, std::string_view sid);
Frame encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data_json);
Frame encode_disconnect(std::string_view nsp);
Frame encode_event(std::string_view nsp, std::string_view name, std::string_view args,
                   std::optional<std::uint64_t> id = std::nullopt);
Frame encode_ack(std::string_view nsp, std::uint64_t id, std::string_view args);

}  // namespace onhand::socketio
