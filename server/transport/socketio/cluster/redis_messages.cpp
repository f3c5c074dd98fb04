#include "transport/socketio/cluster/redis_messages.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/text.hpp"
#include "transport/socketio/cluster/json_value.hpp"
#include "transport/socketio/cluster/msgpack.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t packet_event = 2;
constexpr std::int64_t packet_binary_event = 5;
// Types of answers; the others have none.
constexpr std::int64_t response_server_side_emit = 6;
constexpr std::int64_t response_client_count = 8;
constexpr std::int64_t response_client_ack = 9;
// Whoever waits longer for acknowledgements does not get them all.
constexpr milliseconds ack_timeout_max{3'600'000};

std::string glob_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("*?[]\\").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

// --- writing

WireValue object_of(std::initializer_list<WireMember> members) {
    return WireValue{WireObject(members)};
}

WireValue text(std::string_view content) {
    return WireValue{std::string(content)};
}

WireValue number(std::int64_t content) {
    return WireValue{content};
}

WireValue list_of(const std::vector<std::string>& names) {
    WireArray array;
    for (const auto& name : names) array.push_back(text(name));
    return WireValue{std::move(array)};
}

WireValue options_of(const Target& target, std::optional<milliseconds> timeout) {
    WireObject flags;
    if (target.is_volatile) flags.push_back({"volatile", WireValue{true}});
    if (timeout) flags.push_back({"timeout", number(timeout->count())});
    return object_of(
        {{"rooms", list_of(target.rooms)}, {"except", list_of(target.except)}, {"flags", WireValue{std::move(flags)}}});
}

WireValue packet_of(WireValue event, std::string_view nsp) {
    return object_of({{"type", number(packet_event)}, {"data", std::move(event)}, {"nsp", text(nsp)}});
}

// An array whose first element is a name or a number.
bool is_event(const WireValue& value) {
    const auto* array = value.array();
    if (array == nullptr || array->empty()) return false;
    const auto& first = array->front().data;
    return std::holds_alternative<std::string>(first) || std::holds_alternative<std::int64_t>(first) ||
           std::holds_alternative<double>(first) || std::holds_alternative<std::uint64_t>(first);
}

std::optional<WireValue> event_value(const JsonData& event) {
    auto value = parse_json(event);
    if (!value || !is_event(*value)) return std::nullopt;
    return value;
}

std::optional<std::string> checked(std::string message) {
    if (message.size() > wire_bytes_max) return std::nullopt;
    return message;
}

std::optional<std::string> encode_text(const WireValue& value) {
    if (has_bytes(value)) return encode_msgpack(value);
    std::string out;
    append_json(out, value);
    return checked(std::move(out));
}

// --- reading

// JSON when it begins like a JSON object, else msgpack: the first byte of a msgpack map is never '{'.
std::optional<WireValue> decode_object(std::string_view bytes) {
    const bool is_json = !bytes.empty() && bytes.front() == '{';
    auto value = is_json ? parse_json(bytes) : decode_msgpack(bytes);
    if (!value || value->object() == nullptr) return std::nullopt;
    return value;
}

std::optional<std::int64_t> integer(const WireValue* value) {
    if (value == nullptr) return std::nullopt;
    if (const auto* whole = std::get_if<std::int64_t>(&value->data)) return *whole;
    const auto* real = std::get_if<double>(&value->data);
    constexpr double exact_max = 9'007'199'254'740'992.0;
    if (real == nullptr || std::trunc(*real) != *real || std::abs(*real) > exact_max) return std::nullopt;
    return static_cast<std::int64_t>(*real);
}

std::string text_or_empty(const WireValue* value) {
    const auto* content = value == nullptr ? nullptr : value->string();
    return content == nullptr ? std::string() : *content;
}

bool is_null(const WireValue* value) {
    return value == nullptr || std::holds_alternative<std::nullptr_t>(value->data);
}

bool is_true(const WireValue* value) {
    return value != nullptr && value->data == WireValue{true}.data;
}

// Names of rooms: text, or numbers from old programs. A missing list is an empty one.
bool read_names(const WireValue* value, std::vector<std::string>& names) {
    if (is_null(value)) return true;
    const auto* array = value->array();
    if (array == nullptr) return false;
    for (const auto& each : *array) {
        std::string name;
        if (const auto* content = each.string()) {
            name = *content;
        } else if (std::holds_alternative<std::int64_t>(each.data) || std::holds_alternative<double>(each.data)) {
            append_json(name, each);
        } else {
            return false;
        }
        names.push_back(std::move(name));
    }
    return true;
}

bool read_target(const WireValue* options, Target& target) {
    if (options == nullptr || options->object() == nullptr) return false;
    const auto* flags = options->find("flags");
    target.is_volatile = flags != nullptr && is_true(flags->find("volatile"));
    return read_names(options->find("rooms"), target.rooms) && read_names(options->find("except"), target.except);
}

bool read_event(const WireValue* value, JsonData& event) {
    if (value == nullptr || !is_event(*value)) return false;
    auto data = to_json_data(*value);
    if (!data) return false;
    event = std::move(*data);
    return true;
}

// The packet of a broadcast: an event, for `nsp`.
bool read_packet(const WireValue* packet, std::string& nsp, JsonData& event) {
    if (packet == nullptr) return false;
    const auto type = integer(packet->find("type"));
    if (type != packet_event && type != packet_binary_event) return false;
    const auto* name = packet->find("nsp");
    if (!is_null(name) && name->string() == nullptr) return false;
    nsp = is_null(name) ? std::string("/") : *name->string();
    return read_event(packet->find("data"), event);
}

std::optional<milliseconds> read_timeout(const WireValue& options) {
    const auto* flags = options.find("flags");
    const auto timeout = flags == nullptr ? std::nullopt : integer(flags->find("timeout"));
    if (!timeout) return std::nullopt;
    return std::clamp(milliseconds(*timeout), milliseconds(0), ack_timeout_max);
}

// The fields of 2, 3 and 4: as they are now, or about one client as older versions had them.
bool read_remote_change(const WireValue& value, RequestMessage& message) {
    const bool disconnects = message.type == RequestType::remote_disconnect;
    message.close = disconnects && is_true(value.find("close"));
    if (!is_null(value.find("opts"))) {
        const bool target_read = read_target(value.find("opts"), message.target);
        return target_read && (disconnects || read_names(value.find("rooms"), message.rooms));
    }
    const auto* socket = value.find("sid");
    if (is_null(socket) || socket->string() == nullptr) return false;
    message.single_socket = true;
    message.target.rooms.push_back(*socket->string());
    if (disconnects) return true;
    WireValue room{WireArray{}};
    if (const auto* named = value.find("room")) std::get<WireArray>(room.data).push_back(*named);
    return read_names(&room, message.rooms) && !message.rooms.empty();
}

bool read_request_fields(const WireValue& value, RequestMessage& message) {
    const bool has_id = !message.request_id.empty();
    switch (message.type) {
        case RequestType::sockets:
            return has_id && read_names(value.find("rooms"), message.rooms);
        case RequestType::all_rooms:
            return has_id;
        case RequestType::remote_join:
        case RequestType::remote_leave:
        case RequestType::remote_disconnect:
            return read_remote_change(value, message);
        case RequestType::remote_fetch:
            return has_id && read_target(value.find("opts"), message.target);
        case RequestType::server_side_emit:
            return read_event(value.find("data"), message.event);
        case RequestType::broadcast:
            if (!has_id || !read_target(value.find("opts"), message.target)) return false;
            message.timeout = read_timeout(*value.find("opts"));
            return read_packet(value.find("packet"), message.nsp, message.event);
    }
    return false;
}

std::string json_of(const WireValue* value, std::string_view otherwise) {
    std::string out;
    if (value == nullptr) return std::string(otherwise);
    append_json(out, *value);
    return out;
}

bool read_socket(const WireValue& value, RemoteSocket& socket) {
    const auto* id = value.find("id");
    if (id == nullptr || id->string() == nullptr) return false;
    socket.id = *id->string();
    const auto* handshake = value.find("handshake");
    socket.handshake_json = json_of(handshake != nullptr && handshake->object() != nullptr ? handshake : nullptr, "{}");
    socket.data_json = json_of(value.find("data"), "null");
    return read_names(value.find("rooms"), socket.rooms);
}

// Ids of clients (to type 0) or clients (to type 5).
bool read_sockets(const WireArray& array, ResponseMessage& message) {
    if (!array.empty() && array.front().string() != nullptr) {
        auto& ids = message.answer.emplace<SocketIdsAnswer>().ids;
        for (const auto& each : array) {
            if (each.string() == nullptr) return false;
            ids.push_back(*each.string());
        }
        return true;
    }
    auto& sockets = message.answer.emplace<SocketsAnswer>().sockets;
    for (const auto& each : array) {
        if (!read_socket(each, sockets.emplace_back())) return false;
    }
    return true;
}

// What answers a question: null when it is missing, as JSON leaves out `undefined`.
bool read_answer(const WireValue* value, JsonData& data) {
    auto read = to_json_data(value == nullptr ? WireValue{} : *value);
    if (!read) return false;
    data = std::move(*read);
    return true;
}

bool read_response_fields(const WireValue& value, ResponseMessage& message) {
    const auto type = integer(value.find("type"));
    if (type == response_server_side_emit) {
        return read_answer(value.find("data"), message.answer.emplace<ServerSideEmitAnswer>().data);
    }
    if (type == response_client_ack) {
        return read_answer(value.find("packet"), message.answer.emplace<ClientAckAnswer>().data);
    }
    if (type == response_client_count) {
        const auto count = integer(value.find("clientCount"));
        if (!count || *count < 0) return false;
        message.answer = ClientCountAnswer{static_cast<std::size_t>(*count)};
        return true;
    }
    if (const auto* sockets = value.find("sockets")) {
        return sockets->array() != nullptr && read_sockets(*sockets->array(), message);
    }
    if (const auto* rooms = value.find("rooms")) {
        return rooms->array() != nullptr && read_names(rooms, message.answer.emplace<RoomsAnswer>().rooms);
    }
    message.answer = DoneAnswer{};
    return true;
}

// Turns each kind of answer into bytes.
struct ResponseEncoder {
    const std::string& request_id;

    WireMember id() const { return {"requestId", text(request_id)}; }

    std::optional<std::string> operator()(const DoneAnswer&) const { return encode_text(object_of({id()})); }
    std::optional<std::string> operator()(const SocketIdsAnswer& answer) const {
        return encode_text(object_of({id(), {"sockets", list_of(answer.ids)}}));
    }
    std::optional<std::string> operator()(const RoomsAnswer& answer) const {
        return encode_text(object_of({id(), {"rooms", list_of(answer.rooms)}}));
    }
    std::optional<std::string> operator()(const ClientCountAnswer& answer) const {
        const auto count = static_cast<std::int64_t>(answer.count);
        return encode_text(object_of({{"type", number(response_client_count)}, id(), {"clientCount", number(count)}}));
    }
    std::optional<std::string> operator()(const ServerSideEmitAnswer& answer) const {
        auto data = parse_json(answer.data);
        if (!data) return std::nullopt;
        return encode_text(object_of({{"type", number(response_server_side_emit)}, id(), {"data", std::move(*data)}}));
    }
    std::optional<std::string> operator()(const ClientAckAnswer& answer) const {
        auto data = parse_json(answer.data);
        if (!data) return std::nullopt;
        return encode_msgpack(object_of({{"type", number(response_client_ack)}, id(), {"packet", std::move(*data)}}));
    }
    // The JSON that the application made is taken as it is: there can be very many clients.
    std::optional<std::string> operator()(const SocketsAnswer& answer) const {
        std::string out = "{\"requestId\":";
        onhand::append_json_string(out, request_id);
        out += ",\"sockets\":[";
        for (std::size_t i = 0; i < answer.sockets.size(); ++i) {
            const auto& socket = answer.sockets[i];
            out += i == 0 ? "{\"id\":" : ",{\"id\":";
            onhand::append_json_string(out, socket.id);
            out += ",\"handshake\":" + (socket.handshake_json.empty() ? std::string("{}") : socket.handshake_json);
            out += ",\"rooms\":";
            append_json(out, list_of(socket.rooms));
            out += ",\"data\":" + (socket.data_json.empty() ? std::string("null") : socket.data_json) + "}";
            if (out.size() > wire_bytes_max) return std::nullopt;
        }
        return checked(out + "]}");
    }
};

// The fields of a request beside type, uid and requestId. False when its event is none.
bool add_request_fields(const RequestMessage& message, WireObject& object) {
    const bool changes_rooms = message.type == RequestType::remote_join || message.type == RequestType::remote_leave;
    const bool disconnects = message.type == RequestType::remote_disconnect;
    const bool broadcasts = message.type == RequestType::broadcast;
    const bool targets = changes_rooms || disconnects || broadcasts || message.type == RequestType::remote_fetch;
    if (broadcasts || message.type == RequestType::server_side_emit) {
        auto event = event_value(message.event);
        if (!event) return false;
        if (broadcasts) {
            object.push_back({"packet", packet_of(std::move(*event), message.nsp)});
        } else {
            object.push_back({"data", std::move(*event)});
        }
    }
    if (message.single_socket) {
        object.push_back({"sid", text(message.target.rooms.at(0))});
        if (changes_rooms) object.push_back({"room", text(message.rooms.at(0))});
    } else {
        if (targets) object.push_back({"opts", options_of(message.target, message.timeout)});
        if (changes_rooms || message.type == RequestType::sockets) object.push_back({"rooms", list_of(message.rooms)});
    }
    if (disconnects) object.push_back({"close", WireValue{message.close}});
    return true;
}

}  // namespace

std::string RedisChannels::broadcast(std::string_view nsp) const {
    return prefix_ + "#" + std::string(nsp) + "#";
}

std::string RedisChannels::broadcast(std::string_view nsp, std::string_view room) const {
    return broadcast(nsp) + std::string(room) + "#";
}

std::string RedisChannels::broadcast_pattern(std::string_view nsp) const {
    return glob_escaped(broadcast(nsp)) + "*";
}

std::string RedisChannels::request(std::string_view nsp) const {
    return prefix_ + "-request#" + std::string(nsp) + "#";
}

std::string RedisChannels::response(std::string_view nsp) const {
    return prefix_ + "-response#" + std::string(nsp) + "#";
}

std::string RedisChannels::response(std::string_view nsp, std::string_view uid) const {
    return response(nsp) + std::string(uid) + "#";
}

std::optional<std::string> encode_broadcast(const BroadcastMessage& message) {
    auto event = event_value(message.event);
    if (!event) return std::nullopt;
    WireArray parts;
    parts.push_back(text(message.uid));
    parts.push_back(packet_of(std::move(*event), message.nsp));
    parts.push_back(options_of(message.target, std::nullopt));
    return encode_msgpack(WireValue{std::move(parts)});
}

std::optional<BroadcastMessage> decode_broadcast(std::string_view bytes) {
    const auto value = decode_msgpack(bytes);
    const auto* parts = value ? value->array() : nullptr;
    if (parts == nullptr || parts->size() < 3) return std::nullopt;
    BroadcastMessage message;
    message.uid = text_or_empty(&(*parts)[0]);
    if (!read_packet(&(*parts)[1], message.nsp, message.event)) return std::nullopt;
    if (!read_target(&(*parts)[2], message.target)) return std::nullopt;
    return message;
}

std::optional<std::string> encode_request(const RequestMessage& message) {
    WireObject object;
    if (!message.uid.empty()) object.push_back({"uid", text(message.uid)});
    if (!message.request_id.empty()) object.push_back({"requestId", text(message.request_id)});
    object.push_back({"type", number(static_cast<std::int64_t>(message.type))});
    if (!add_request_fields(message, object)) return std::nullopt;
    const WireValue value{std::move(object)};
    return message.type == RequestType::broadcast ? encode_msgpack(value) : encode_text(value);
}

std::optional<RequestMessage> decode_request(std::string_view bytes) {
    const auto value = decode_object(bytes);
    const auto type = value ? integer(value->find("type")) : std::nullopt;
    if (!type || *type < 0 || *type > static_cast<std::int64_t>(RequestType::broadcast)) return std::nullopt;
    RequestMessage message;
    message.type = static_cast<RequestType>(*type);
    message.uid = text_or_empty(value->find("uid"));
    message.request_id = text_or_empty(value->find("requestId"));
    if (!read_request_fields(*value, message)) return std::nullopt;
    return message;
}

std::optional<std::string> encode_response(const ResponseMessage& message) {
    return std::visit(ResponseEncoder{message.request_id}, message.answer);
}

std::optional<ResponseMessage> decode_response(std::string_view bytes) {
    const auto value = decode_object(bytes);
    if (!value) return std::nullopt;
    ResponseMessage message;
    message.request_id = text_or_empty(value->find("requestId"));
    if (message.request_id.empty() || !read_response_fields(*value, message)) return std::nullopt;
    return message;
}

}  // namespace onhand::socketio
