#include "transport/socketio/socket_packet.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <stdexcept>

#include "base/text.hpp"

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

// Calls `visit` for `value` and all in it, depth first; where it returns false, not for what is in that one. The depth
// is bounded by the parser.
template <class Value, class Visit>
void for_each_value(Value& value, const Visit& visit) {
    if (!visit(value)) return;
    if (auto* array = value.if_array()) {
        for (auto& element : *array) for_each_value(element, visit);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object) for_each_value(member.value(), visit);
    }
}

// Numbers beyond those of a double become null, as in JSON.stringify(): written again as Boost.JSON writes them,
// "Infinity", they would not be JSON.
void drop_infinities(json::value& all) {
    for_each_value(all, [](json::value& value) {
        const auto* number = value.if_double();
        if (number != nullptr && !std::isfinite(*number)) value = nullptr;
        return true;
    });
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
    drop_infinities(value);
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
        case SocketPacketType::binary_event:
            return is_valid_event(payload);
        case SocketPacketType::ack:
        case SocketPacketType::binary_ack:
            return payload.is_array();
        case SocketPacketType::disconnect:
        case SocketPacketType::connect_error:
            return false;
    }
    return false;
}

// Takes "<count>-" off the front of `rest`. False when there is no count from 1 to `limit`.
bool take_attachment_count(std::string_view& rest, std::size_t limit, SocketPacket& packet) {
    std::size_t used = 0;
    while (used < rest.size() && rest[used] >= '0' && rest[used] <= '9' && packet.attachments_due <= limit) {
        packet.attachments_due = packet.attachments_due * 10 + static_cast<std::size_t>(rest[used++] - '0');
    }
    if (packet.attachments_due == 0 || packet.attachments_due > limit) return false;
    if (used >= rest.size() || rest[used] != '-') return false;
    rest.remove_prefix(used + 1);
    return true;
}

// The attachment number of a placeholder; nothing for any other value. A placeholder with a number that is none of
// `count` attachments yields `count`.
std::optional<std::size_t> placeholder_number(const json::value& value, std::size_t count) {
    const auto* object = value.if_object();
    const auto* mark = object != nullptr ? object->if_contains("_placeholder") : nullptr;
    if (mark == nullptr || *mark != json::value(true)) return std::nullopt;
    const auto* num = object->if_contains("num");
    if (num == nullptr || !num->is_int64() || num->get_int64() < 0) return count;
    return std::min(count, static_cast<std::size_t>(num->get_int64()));
}

// Calls `visit` for every placeholder in `all`, depth first.
template <class Value, class Visit>
void for_each_placeholder(Value& all, std::size_t count, const Visit& visit) {
    for_each_value(all, [&](auto& value) {
        const auto number = placeholder_number(value, count);
        if (number) visit(value, *number);
        return !number;
    });
}

// Keeps the attachments that `value` refers to, in their order, and numbers the placeholders anew.
Attachments keep_referenced(json::value& value, const Attachments& attachments, const std::vector<bool>& referenced) {
    std::vector<std::size_t> new_number(attachments.size());
    Attachments kept;
    for (std::size_t i = 0; i < attachments.size(); ++i) {
        new_number[i] = kept.size();
        if (referenced[i]) kept.push_back(attachments[i]);
    }
    for_each_placeholder(value, attachments.size(), [&](json::value& placeholder, std::size_t number) {
        placeholder.get_object()["num"] = new_number[number];
    });
    return kept;
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

// "<type>" and, for every namespace but the main one, "<name>,"; between them the number of attachments if any.
std::string binary_head(char plain_type, char binary_type, std::string_view nsp, std::size_t attachments) {
    std::string head = "4";
    head += attachments == 0 ? plain_type : binary_type;
    if (attachments > 0) head += std::to_string(attachments) + "-";
    if (nsp != main_namespace) {
        head += nsp;
        head += ',';
    }
    return head;
}

std::string packet_head(char type, std::string_view nsp) {
    return binary_head(type, type, nsp, 0);
}

}  // namespace

std::optional<SocketPacket> decode_socket_packet(std::string_view text, std::size_t attachment_limit) {
    if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
    SocketPacket packet;
    packet.type = static_cast<SocketPacketType>(text[0] - '0');
    if (packet.type == SocketPacketType::connect_error) return std::nullopt;
    const bool binary = packet.type == SocketPacketType::binary_event || packet.type == SocketPacketType::binary_ack;
    auto rest = text.substr(1);
    if (binary && !take_attachment_count(rest, attachment_limit, packet)) return std::nullopt;
    if (!take_namespace(rest, packet) || !take_id(rest, packet)) return std::nullopt;
    packet.json = rest;
    if (rest.empty()) return binary ? std::nullopt : std::optional(std::move(packet));
    auto payload = parse_json(rest);
    if (!payload || !is_valid_payload(packet.type, *payload)) return std::nullopt;
    packet.payload = std::move(*payload);
    return packet;
}

bool complete_binary_packet(SocketPacket& packet) {
    const auto count = packet.attachments.size();
    std::vector<bool> referenced(count);
    bool valid = true;
    for_each_placeholder(packet.payload, count, [&](const json::value&, std::size_t number) {
        if (number < count) {
            referenced[number] = true;
        } else {
            valid = false;
        }
    });
    if (!valid) return false;
    if (std::find(referenced.begin(), referenced.end(), false) != referenced.end()) {
        packet.attachments = keep_referenced(packet.payload, packet.attachments, referenced);
        packet.storage = std::make_shared<const std::string>(json::serialize(packet.payload));
        packet.json = *packet.storage;
    }
    packet.type = packet.type == SocketPacketType::binary_ack ? SocketPacketType::ack : SocketPacketType::event;
    return true;
}

JsonData extract_value(const json::value& value, const Attachments& attachments) {
    if (attachments.empty()) return JsonData{json::serialize(value), {}};
    std::vector<bool> referenced(attachments.size());
    for_each_placeholder(value, attachments.size(),
                         [&](const json::value&, std::size_t number) { referenced.at(number) = true; });
    json::value copy = value;
    auto kept = keep_referenced(copy, attachments, referenced);
    return JsonData{json::serialize(copy), std::move(kept)};
}

std::optional<json::array> parse_event_json(std::string_view text) {
    auto value = parse_json(text);
    if (!value || !is_valid_event(*value)) return std::nullopt;
    return std::move(value->get_array());
}

std::string event_name(const json::array& payload) {
    const auto& first = payload.front();
    if (first.is_string()) return std::string(first.get_string().data(), first.get_string().size());
    return json::serialize(first);
}

bool is_reserved_event(std::string_view name) {
    constexpr std::array<std::string_view, 6> reserved = {"connect",       "connect_error", "disconnect",
                                                          "disconnecting", "newListener",   "removeListener"};
    return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

std::size_t EncodedPacket::size() const {
    auto bytes = head.size();
    for (const auto& attachment : attachments) bytes += attachment.size();
    return bytes;
}

std::vector<Frame> encode_attachments(const Attachments& attachments) {
    if (attachments.size() > attachments_max) throw std::length_error("more attachments than a client takes");
    std::vector<Frame> frames;
    frames.reserve(attachments.size());
    for (const auto& bytes : attachments) frames.push_back(Frame::binary(bytes));
    return frames;
}

Frame encode_connect(std::string_view nsp, std::string_view sid, std::string_view pid) {
    std::string body = "{\"sid\":";
    onhand::append_json_string(body, sid);
    if (!pid.empty()) {
        body += ",\"pid\":";
        onhand::append_json_string(body, pid);
    }
    return Frame::text({packet_head('0', nsp), body, "}"});
}

Frame encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data_json) {
    std::string quoted;
    onhand::append_json_string(quoted, message);
    if (data_json.empty()) return Frame::text({packet_head('4', nsp), "{\"message\":", quoted, "}"});
    return Frame::text({packet_head('4', nsp), "{\"message\":", quoted, ",\"data\":", data_json, "}"});
}

Frame encode_disconnect(std::string_view nsp) {
    return Frame::text({packet_head('1', nsp)});
}

std::string event_json(std::string_view name, std::string_view args) {
    std::string json = "[";
    onhand::append_json_string(json, name);
    if (!args.empty()) json += ',';
    json += args;
    json += ']';
    return json;
}

EncodedPacket encode_event(std::string_view nsp, std::string_view json, std::vector<Frame> attachments,
                           std::optional<std::uint64_t> id, std::string_view offset) {
    auto head = binary_head('2', '5', nsp, attachments.size());
    if (id) head += std::to_string(*id);
    if (offset.empty()) return {Frame::text({head, json}), std::move(attachments)};
    std::string last;
    onhand::append_json_string(last, offset);
    const auto open = json.substr(0, json.rfind(']'));
    return {Frame::text({head, open, ",", last, "]"}), std::move(attachments)};
}

EncodedPacket encode_ack(std::string_view nsp, std::uint64_t id, std::string_view args,
                         std::vector<Frame> attachments) {
    const auto head = binary_head('3', '6', nsp, attachments.size());
    return {Frame::text({head, std::to_string(id), "[", args, "]"}), std::move(attachments)};
}

}  // namespace onhand::socketio
