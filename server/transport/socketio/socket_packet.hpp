// Socket.IO 5 packets in text form: "<type>[<attachments>-][<namespace>,][<ack id>][<json>]", the attachments as
// binary Engine.IO packets behind it. The header is read by hand; the JSON is checked strictly (UTF-8, depth, shape
// per packet type) and handed on parsed. Called by SocketSession with the text of an Engine.IO message; keeps no
// state. Which packet may come when is decided in SocketSession.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/frame.hpp"
#include "transport/socketio/payload.hpp"

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

// A packet as received. The views refer to the text it was decoded from, or to `storage`.
struct SocketPacket {
    SocketPacketType type = SocketPacketType::event;  // never a binary one once it is complete
    std::string_view nsp = main_namespace;
    std::optional<std::uint64_t> id;
    std::string_view json;       // the payload's text, empty when there is none
    boost::json::value payload;  // the same parsed: object or null for connect, array for event and ack
    Attachments attachments;
    std::size_t attachments_due = 0;             // announced by the header of a binary packet
    std::shared_ptr<const std::string> storage;  // owns the text of a packet that outlives its message
};

// Decodes and checks one packet. Nothing when it breaks the protocol or announces more than `attachment_limit`
// attachments, and then the connection must be closed. A binary packet still lacks its attachments.
std::optional<SocketPacket> decode_socket_packet(std::string_view text, std::size_t attachment_limit = attachments_max);

// Makes a whole packet of a binary one whose attachments are all there: checks the placeholders and drops attachments
// that none refers to. False when a placeholder is wrong; then the connection must be closed.
bool complete_binary_packet(SocketPacket& packet);

// One value out of a packet with attachments: its JSON, and those attachments that it refers to.
JsonData extract_value(const boost::json::value& value, const Attachments& attachments);

// Decodes the JSON of an event (the array of name and arguments) that did not come from a client. Nothing when it is
// not a valid event.
std::optional<boost::json::array> parse_event_json(std::string_view json);

// The event's name: the first element of its payload, for a number its decimal text. Needs a valid event.
std::string event_name(const boost::json::array& payload);

// True for names an application must not send or receive as an event (connect, disconnect, …).
bool is_reserved_event(std::string_view name);

// A packet ready for both transports: its text and its attachments, which must follow each other without anything of
// Socket.IO between them.
struct EncodedPacket {
    Frame head;
    std::vector<Frame> attachments;

    EncodedPacket() = default;
    EncodedPacket(Frame text) : head(std::move(text)) {}
    EncodedPacket(Frame text, std::vector<Frame> binaries) : head(std::move(text)), attachments(std::move(binaries)) {}

    // Bytes this packet takes in an outbox.
    std::size_t size() const;
};

// Throws std::length_error when there are more than attachments_max.
std::vector<Frame> encode_attachments(const Attachments& attachments);

// Outgoing packets. JSON arguments are UTF-8 text; `args` are JSON values separated by commas, without brackets,
// possibly none. `pid` is the private id of connection state recovery, empty without it.
Frame encode_connect(std::string_view nsp, std::string_view sid, std::string_view pid = {});
Frame encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data_json);
Frame encode_disconnect(std::string_view nsp);
// "[name,args]": the JSON of an event.
std::string event_json(std::string_view name, std::string_view args);
// `json` is a JSON array; `offset`, when not empty, becomes its last element (connection state recovery).
EncodedPacket encode_event(std::string_view nsp, std::string_view json, std::vector<Frame> attachments = {},
                           std::optional<std::uint64_t> id = std::nullopt, std::string_view offset = {});
EncodedPacket encode_ack(std::string_view nsp, std::uint64_t id, std::string_view args,
                         std::vector<Frame> attachments = {});

}  // namespace onhand::socketio
