#include "transport/socketio/ws_handshake.hpp"

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>

#include "base/ignoring_case.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {
namespace {

constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 16;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool list_has(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (equals_ignoring_case(trim(list.substr(0, comma)), wanted)) return true;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || others.find(c) != others.npos;
    });
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 503:
            return "Service Unavailable";
        default:
            return "Error";
    }
}

}  // namespace

bool is_valid_upgrade(const RequestView& request) {
    if (request.method != "GET" || !list_has(request.upgrade, "websocket")) return false;
    if (!list_has(request.connection, "upgrade") || trim(request.sec_websocket_version) != "13") return false;
    const auto key = base64_decode(trim(request.sec_websocket_key));
    return key && key->size() == key_bytes;
}

std::string websocket_accept_key(std::string_view key) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(key.data(), key.size());
    hash.process_bytes(accept_guid.data(), accept_guid.size());
    boost::uuids::detail::sha1::digest_type digest{};
    hash.get_digest(digest);
    std::string bytes;
    for (const unsigned word : digest) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xFF);
    }
    return base64_encode(bytes);
}

std::string switching_protocols_answer(const RequestView& request) {
    std::string out =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    out += websocket_accept_key(trim(request.sec_websocket_key));
    out += "\r\n";
    const auto offered = request.sec_websocket_protocol;
    const auto protocol = trim(offered.substr(0, offered.find(',')));
    if (is_token(protocol)) {
        out += "Sec-WebSocket-Protocol: ";
        out += protocol;
        out += "\r\n";
    }
    out += "\r\n";
    return out;
}

std::string http_error_answer(unsigned status, std::string_view message) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
    out += reason_phrase(status);
    out += "\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";
    out += "X-Content-Type-Options: nosniff\r\nContent-Length: " + std::to_string(message.size()) + "\r\n\r\n";
    out += message;
    return out;
}

}  // namespace onhand::socketio
