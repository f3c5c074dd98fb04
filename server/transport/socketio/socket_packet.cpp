#include "transport/socketio/socket_packet.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {
namespace {

namespace json = boost::json;

constexpr std::size_t ack_id_digits_max = 16;

// Four hexadecimal digits at `text[at]`, as a number; nothing when there are not four.
std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
    if (at + 4 > text.size()) return std::nullopt;
    unsigned value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        const char c = text[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = static_cast<unsigned>((c | 0x20) - 'a' + 10);
        } else {
            return std::nullopt;
        }
        value = value << 4 | digit;
    }
    return value;
}

// JavaScript may send half a surrogate pair as "\ud800", which this JSON library refuses: U+FFFD takes its place.
std::string replace_lone_surrogates(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i++];
            continue;
        }
        const auto unit = text[i + 1] == 'u' ? hex4(text, i + 2) : std::nullopt;
        if (!unit || *unit < 0xD800 || *unit > 0xDFFF) {
            out += text.substr(i, 2);
            i += 2;
            continue;
        }
        const bool escaped_next = i + 7 < text.size() && text[i + 6] == '\\' && text[i + 7] == 'u';
        const auto second = *unit < 0xDC00 && escaped_next ? hex4(text, i + 8) : std::nullopt;
        if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
            out += text.substr(i, 12);
            i += 12;
        } else {
            out += "\\ufffd";
            i += 6;
        }
    }
    return out;
}

std::optional<json::value> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::error_code error;
    auto value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    const bool may_have_surrogates = text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
    if (error && may_have_surrogates) {
        error.clear();
        value = json::parse(replace_lone_surrogates(text), error, {}, options);
    }
    if (error) return std::nullopt;
    return value;
}

bool is_valid_event(const json::value& payload) {
    if (!payload.is_array() || payload.get_array().empty()) return false;
    const auto& first = payload.get_array().front();
    if (first.is_number()) return true;
    if (!first.is_string()) return false;
    const auto& name = first.get_string();
    return !is_reserved_event({name.data(), name.size()});
}

bool is_valid_payload(SocketPacketType type, const json::value& payload) {
    switch (type) {
        case SocketPacketType::connect:
            return payload.is_object();
        case SocketPacketType::event:
            return is_valid_event(payload);
        case SocketPacketType::ack:
            return payload.is_array();
        case SocketPacketType::disconnect:
        case SocketPacketType::connect_error:
        case SocketPacketType::binary_event:
        case SocketPacketType::binary_ack:
            return false;
    }
    return false;
}

// Takes "/name," or "/name" off the front of `rest`. False when the name is too long.
bool take_namespace(std::string_view& rest, SocketPacket& packet) {
    if (rest.empty() || rest.front() != '/') return true;
    const auto comma = rest.find(',');
    packet.nsp = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return packet.nsp.size() <= namespace_bytes_max;
}

bool take_id(std::string_view& rest, SocketPacket& packet) {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0) return true;
    // An array or object follows an id, never a bare number, so digits here are always an id.
    if (digits > ack_id_digits_max) return false;
    std::uint64_t id = 0;
    for (const char c : rest.substr(0, digits)) id = id * 10 + static_cast<std::uint64_t>(c - '0');
    packet.id = id;
    rest.remove_prefix(digits);
    return true;
}

// "<type>" and, for every namespace but the main one, "<name>,".
std::string packet_head(char type, std::string_view nsp) {
    std::string head = "4";
    head += type;
    if (nsp != main_namespace) {
        head += nsp;
        head += ',';
    }
    return head;
}

}  // namespace

std::optional<SocketPacket> decode_socket_packet(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '3') return std::nullopt;
    SocketPacket packet;
    packet.type = static_cast<SocketPacketType>(text[0] - '0');
    auto rest = text.substr(1);
    if (!take_namespace(rest, packet) || !take_id(rest, packet)) return std::nullopt;
    packet.json = rest;
    if (rest.empty()) return packet;
    auto payload = parse_json(rest);
    if (!payload || !is_valid_payload(packet.type, *payload)) return std::nullopt;
    packet.payload = std::move(*payload);
    return packet;
}

std::string event_name(const SocketPacket& packet) {
    const auto& first = packet.payload.get_array().front();
    if (first.is_string()) return std::string(first.get_string().data(), first.get_string().size());
    return json::serialize(first);
}

bool is_reserved_event(std::string_view name) {
    constexpr std::array<std::string_view, 6> reserved = {"connect",       "connect_error", "disconnect",
                                                          "disconnecting", "newListener",   "removeListener"};
    return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

Frame encode_connect(std::string_view nsp, std::string_view sid) {
    std::string quoted;
    append_json_string(quoted, sid);
    return Frame::text({packet_head('0', nsp), "{\"sid\":", quoted, "}"});
}

Frame encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data_json) {
    std::string quoted;
    append_json_string(quoted, message);
    if (data_json.empty()) return Frame::text({packet_head('4', nsp), "{\"message\":", quoted, "}"});
    return Frame::text({packet_head('4', nsp), "{\"message\":", quoted, ",\"data\":", data_json, "}"});
}

Frame encode_disconnect(std::string_view nsp) {
    return Frame::text({packet_head('1', nsp)});
}

Frame encode_event(std::string_view nsp, std::string_view name, std::string_view args,
                   std::optional<std::uint64_t> id) {
    std::string quoted;
    append_json_string(quoted, name);
    const std::string id_text = id ? std::to_string(*id) : std::string();
    const std::string_view comma = args.empty() ? "" : ",";
    return Frame::text({packet_head('2', nsp), id_text, "[", quoted, comma, args, "]"});
}

Frame encode_ack(std::string_view nsp, std::uint64_t id, std::string_view args) {
    return Frame::text({packet_head('3', nsp), std::to_string(id), "[", args, "]"});
}

}  // namespace onhand::socketio
