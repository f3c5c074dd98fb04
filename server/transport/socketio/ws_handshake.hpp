// The HTTP side of a WebSocket: checks the upgrade request (RFC 6455 section 4.2) and builds the 101 answer or an
// error. Called by the server before it takes a socket over; does no input or output.
#pragma once

#include <string>
#include <string_view>

#include "transport/socketio/options.hpp"

namespace onhand::socketio {

// True when the headers ask for a WebSocket of version 13 with a well-formed key.
bool is_valid_upgrade(const RequestView& request);

// The value of Sec-WebSocket-Accept for a client's key.
std::string websocket_accept_key(std::string_view key);

// "HTTP/1.1 101 …" up to and including the empty line. The first subprotocol the client offers is chosen, because a
// browser fails the connection when it offered some and none is named.
std::string switching_protocols_answer(const RequestView& request);

// A whole HTTP error answer with `message` as its text body and Connection: close.
std::string http_error_answer(unsigned status, std::string_view message);

}  // namespace onhand::socketio
