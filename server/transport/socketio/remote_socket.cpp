#include "transport/socketio/remote_socket.hpp"

#include <fmt/chrono.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>

#include "transport/socketio/namespace_handler.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {
namespace {

namespace json = boost::json;

// What a client sent may be no UTF-8, and then no JSON.
json::string text_or_nothing(std::string_view text) {
    return is_valid_utf8(text) ? json::string(text) : json::string();
}

json::object query_object(std::string_view target) {
    json::object query;
    QueryReader reader(target);
    while (const auto parameter = reader.next()) {
        query[text_or_nothing(percent_decode(parameter->name))] = text_or_nothing(percent_decode(parameter->value));
    }
    return query;
}

std::string handshake_json(const Handshake& handshake) {
    json::object headers;
    headers["host"] = text_or_nothing(handshake.host);
    headers["user-agent"] = text_or_nothing(handshake.user_agent);
    if (!handshake.origin.empty()) headers["origin"] = text_or_nothing(handshake.origin);
    const auto since_1970 = handshake.issued.time_since_epoch();
    const auto issued_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
    json::object out;
    out["headers"] = std::move(headers);
    out["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(issued_ms / 1000));
    out["address"] = handshake.remote_address;
    out["xdomain"] = !handshake.origin.empty();
    out["secure"] = handshake.secure;
    out["issued"] = issued_ms;
    out["url"] = text_or_nothing(handshake.target);
    out["query"] = query_object(handshake.target);
    out["auth"] = json::object();
    return json::serialize(out);
}

}  // namespace

RemoteSocket describe_socket(const Socket& socket) {
    RemoteSocket remote;
    remote.id = socket.id();
    remote.rooms.push_back(socket.id());
    remote.rooms.insert(remote.rooms.end(), socket.rooms().begin(), socket.rooms().end());
    remote.handshake_json = handshake_json(socket.handshake());
    remote.data_json = socket.space().handler->describe(socket);
    return remote;
}

}  // namespace onhand::socketio
