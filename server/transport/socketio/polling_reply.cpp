#include "transport/socketio/polling_reply.hpp"

#include <utility>

#include "base/text.hpp"

namespace onhand::socketio {

void PendingReply::deliver(HttpReply reply) {
    if (std::exchange(done, true)) return;
    reply.fields += fields;
    if (same_thread && collecting) {
        immediate = std::move(reply);
        return;
    }
    home->post([self = shared_from_this(), answer = std::move(reply)]() mutable {
        if (self->awaiting_body) {
            self->early = std::move(answer);
        } else if (const auto call = std::exchange(self->handler, nullptr)) {
            call(std::move(answer));
        }
    });
}

std::optional<HttpReply> PendingReply::end_call() {
    // On another thread the owner may be at work with everything but the handler.
    if (!same_thread) return std::nullopt;
    collecting = false;
    return std::exchange(immediate, std::nullopt);
}

std::string_view to_text(RequestError error) {
    switch (error) {
        case RequestError::transport_unknown:
            return "Transport unknown";
        case RequestError::session_unknown:
            return "Session ID unknown";
        case RequestError::bad_handshake_method:
            return "Bad handshake method";
        case RequestError::bad_request:
            return "Bad request";
        case RequestError::forbidden:
            return "Forbidden";
        case RequestError::unsupported_version:
            return "Unsupported protocol version";
    }
    return "Bad request";
}

HttpReply error_reply(RequestError error, std::string_view message) {
    HttpReply reply;
    reply.status = error == RequestError::forbidden ? 403 : 400;
    reply.content_type = "application/json";
    reply.body = "{\"code\":" + std::to_string(static_cast<unsigned>(error)) + ",\"message\":";
    onhand::append_json_string(reply.body, message.empty() ? to_text(error) : message);
    reply.body += "}";
    return reply;
}

HttpReply text_reply(unsigned status, std::string body) {
    HttpReply reply;
    reply.status = status;
    reply.content_type = "text/plain; charset=UTF-8";
    reply.body = std::move(body);
    return reply;
}

HttpReply busy_reply() {
    HttpReply reply = error_reply(RequestError::bad_request, "Server busy");
    reply.status = 503;
    return reply;
}

}  // namespace onhand::socketio
