#pragma once
// What several handlers do the same way: ETag, If-Match and If-None-Match; reading a JSON object; giving a command to
// the engine's refusals; answering when the store cannot be read. Called by handlers, on their thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http/exchange.hpp"
#include "transport/http/json_in.hpp"

namespace onhand::http {

// A strong ETag: "7" in quotes.
std::string etag_of(std::int64_t version);
// True when an If-None-Match value lists `etag` (weak comparison, as GET has it) or is *.
bool lists_etag(std::string_view if_none_match, std::string_view etag);
// Replies 200 with the body and the ETag, or 304 without a body when the client has it already.
void reply_with_etag(Exchange& exchange, const std::string& etag, std::string body);
// The version that If-Match names. Otherwise answers 428 (missing) or 400 (not one version) and returns nullopt.
std::optional<std::int64_t> required_version(Exchange& exchange);

// Parses the body into `document` and returns its object; otherwise answers 400 and returns nullptr.
JsonNode* read_object(Exchange& exchange, JsonDocument& document);
// Answers 400 with all errors and returns true when there are any.
bool refuse_if_wrong(Exchange& exchange, Errors& errors);

Problem not_found(std::string detail);
// Notes a store that does not answer and replies 503.
void reply_unreadable(Exchange& exchange, const engine::ReadError& error);

}  // namespace onhand::http
