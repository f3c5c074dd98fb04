#include "transport/socketio/request_check.hpp"

#include <algorithm>

#include "transport/socketio/server_core.hpp"
#include "transport/socketio/text_codec.hpp"
#include "transport/socketio/ws_handshake.hpp"

namespace onhand::socketio {
namespace {

constexpr std::string_view protocol_version = "4";

// Octets that may stand in an HTTP field value.
bool is_field_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet == '\t' || (octet >= 0x20 && octet != 0x7F);
    });
}

RequestRefusal refusal(RequestError error) {
    return RequestRefusal{error, std::string(to_text(error))};
}

}  // namespace

Handshake make_handshake(const RequestView& request, Transport transport) {
    return Handshake{transport,
                     std::string(request.target),
                     std::string(request.origin),
                     std::string(request.cookie),
                     std::string(request.host),
                     std::string(request.user_agent),
                     std::string(request.authorization),
                     std::string(request.remote_address),
                     request.secure,
                     std::chrono::system_clock::now()};
}

HttpReply refusal_reply(const RequestRefusal& refused) {
    return error_reply(refused.error, refused.message);
}

std::optional<Transport> requested_transport(const RequestView& request) {
    const auto name = query_parameter(request.target, "transport");
    if (name == "polling") return Transport::polling;
    if (name == "websocket") return Transport::websocket;
    return std::nullopt;
}

std::optional<RequestError> check_request(const RequestView& request) {
    if (!requested_transport(request)) return RequestError::transport_unknown;
    if (!is_field_text(request.origin)) return RequestError::bad_request;
    return std::nullopt;
}

std::optional<RequestRefusal> check_new_session(const ServerCore& core, const RequestView& request,
                                                Transport arrived_by) {
    if (request.method != "GET") return refusal(RequestError::bad_handshake_method);
    if (requested_transport(request) != arrived_by) return refusal(RequestError::bad_request);
    if (arrived_by == Transport::websocket && !is_valid_upgrade(request)) return refusal(RequestError::bad_request);
    if (core.allow_request) {
        auto message = core.allow_request(make_handshake(request, arrived_by));
        if (message) return RequestRefusal{RequestError::forbidden, std::move(*message)};
    }
    if (query_parameter(request.target, "EIO") != protocol_version) return refusal(RequestError::unsupported_version);
    return std::nullopt;
}

RequestCopy::RequestCopy(const RequestView& request)
    : method_(request.method),
      target_(request.target),
      origin_(request.origin),
      cookie_(request.cookie),
      host_(request.host),
      user_agent_(request.user_agent),
      authorization_(request.authorization),
      content_type_(request.content_type),
      remote_address_(request.remote_address),
      cors_headers_(request.access_control_request_headers),
      upgrade_(request.upgrade),
      connection_(request.connection),
      key_(request.sec_websocket_key),
      version_(request.sec_websocket_version),
      protocol_(request.sec_websocket_protocol),
      secure_(request.secure) {}

RequestView RequestCopy::view() const {
    return RequestView{method_,        target_,       origin_,         cookie_,  host_,         user_agent_,
                       authorization_, content_type_, remote_address_, secure_,  cors_headers_, upgrade_,
                       connection_,    key_,          version_,        protocol_};
}

std::string cors_fields(const Options& options, const RequestView& request) {
    if (!options.cors || request.origin.empty()) return {};
    const auto& origins = options.cors->origins;
    const bool any = std::find(origins.begin(), origins.end(), "*") != origins.end();
    if (any && !options.cors->credentials) return "Access-Control-Allow-Origin: *\r\n";
    std::string fields = "Vary: Origin\r\n";
    if (std::find(origins.begin(), origins.end(), request.origin) == origins.end()) return fields;
    fields += "Access-Control-Allow-Origin: " + std::string(request.origin) + "\r\n";
    if (options.cors->credentials) fields += "Access-Control-Allow-Credentials: true\r\n";
    return fields;
}

std::optional<HttpReply> preflight_reply(const Options& options, const RequestView& request) {
    if (!options.cors || request.method != "OPTIONS") return std::nullopt;
    HttpReply reply;
    reply.status = 204;
    reply.fields = cors_fields(options, request);
    reply.fields += "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n";
    std::string headers;
    for (const auto& name : options.cors->allowed_headers) headers += (headers.empty() ? "" : ",") + name;
    if (options.cors->allowed_headers.empty()) {
        reply.fields += "Vary: Access-Control-Request-Headers\r\n";
        if (is_field_text(request.access_control_request_headers)) headers = request.access_control_request_headers;
    }
    if (!headers.empty()) reply.fields += "Access-Control-Allow-Headers: " + headers + "\r\n";
    return reply;
}

std::string cookie_field(const Options& options, std::string_view sid) {
    if (!options.cookie) return {};
    const auto& cookie = *options.cookie;
    std::string field = "Set-Cookie: " + cookie.name + "=" + std::string(sid) + "; Path=" + cookie.path;
    if (cookie.http_only) field += "; HttpOnly";
    if (cookie.secure) field += "; Secure";
    if (!cookie.same_site.empty()) field += "; SameSite=" + cookie.same_site;
    return field + "\r\n";
}

}  // namespace onhand::socketio
