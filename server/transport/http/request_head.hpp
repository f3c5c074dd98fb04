#pragma once
// The head of a request: parsed by Beast's grammar, then held to the framing policy of this server, which is stricter
// (no transfer codings, one Content-Length, one sane Host, no folded fields, no duplicates of what matters). Called by
// the session with the bytes up to the empty line. Pure: no socket, no time; this is the only user of Beast.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace onhand::http {

// A request head that was accepted. Views point into the bytes it was parsed from.
struct RequestHead {
    std::string_view method;  // as sent
    std::string_view target;  // origin form ("/path?query"), ASCII
    std::string_view host;    // empty only in HTTP/1.0
    std::string_view authorization;
    std::string_view cookie;
    std::string_view origin;
    std::string_view sec_fetch_site;
    std::string_view onhand_client;  // X-Onhand-Client
    std::string_view content_type;
    std::optional<std::string_view> content_encoding;
    std::optional<std::string_view> idempotency_key;
    std::optional<std::string_view> if_match;
    std::optional<std::string_view> if_none_match;
    std::string_view accept_encoding;
    std::string_view traceparent;
    std::string_view forwarded_for;  // the last X-Forwarded-For field
    std::string_view user_agent;
    std::string_view connection;  // the first field of that name
    std::string_view upgrade;
    std::string_view websocket_key;
    std::string_view websocket_version;
    std::string_view websocket_protocol;
    std::string_view access_control_request_headers;
    std::uint64_t content_length = 0;  // 0 without a body
    bool duplicate_idempotency_key = false;
    bool http11 = true;
    bool keep_alive = true;
    bool expect_continue = false;
    bool upgrade_websocket = false;
};

// Why a head was refused. The connection cannot be used again: where the next request begins is not certain.
struct HeadRefusal {
    std::int32_t status = 400;
    std::string_view code;
    std::string_view detail;
};

// What the bytes that have arrived so far amount to.
enum class HeadProgress { more, complete, refused };

// Looks for the end of a head in `bytes`. On complete `length` is its size including the empty line. On refused the
// bytes can never become a head that parse_head() accepts.
HeadProgress find_head(std::string_view bytes, std::size_t& length, HeadRefusal& refusal);

// Parses a complete head (as found by find_head). Returns the refusal, or nullopt when `head` is good.
std::optional<HeadRefusal> parse_head(std::string_view bytes, RequestHead& head);

}  // namespace onhand::http
