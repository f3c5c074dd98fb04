#include "transport/live/order_place.hpp"

#include <utility>

#include "base/text.hpp"
#include "transport/http/gate.hpp"
#include "transport/http/json_in.hpp"

namespace onhand::live {

namespace {

constexpr std::string_view key_name = "idempotency_key";
constexpr std::int32_t too_many_retry_s = 1;

// The key as a header field carries it, without the space around it: the same text names the same order on both ways.
std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return std::string(text);
}

// A key that is no text is an invalid one, like the empty one.
std::optional<std::string> key_of(const http::JsonNode& member) {
    if (member.kind == http::JsonKind::null) return std::nullopt;
    return member.kind == http::JsonKind::text ? trimmed(member.text) : std::string();
}

void read_argument(const http::JsonNode& argument, http::Call& call) {
    call.body = "{";
    const auto* member = argument.count > 0 ? argument.first() : nullptr;
    for (std::uint32_t i = 0; i < argument.count; ++i, member = member->next()) {
        if (member->name == key_name) {
            call.idempotency_key = key_of(*member);
            continue;
        }
        if (call.body.size() > 1) call.body += ',';
        append_json_string(call.body, member->name);
        call.body += ':';
        http::append_json(call.body, *member);
    }
    call.body += '}';
}

}  // namespace

http::Call read_order_place(std::string_view payload) {
    http::Call call;
    call.method = "POST";
    call.path = "/api/v1/orders";
    http::JsonDocument document;
    if (const auto wrong = document.parse(payload)) {
        call.refused = http::plain_problem(400, "malformed_json", "The event is not valid JSON: " + *wrong + ".");
        return call;
    }
    const auto& event = document.root();
    const bool one = event.kind == http::JsonKind::array && event.count == 2;
    const auto* argument = one ? event.first()->next() : nullptr;
    if (argument == nullptr || argument->kind != http::JsonKind::object)
        call.refused = http::invalid_request({{"", "must be one object: an order with its idempotency_key"}});
    else
        read_argument(*argument, call);
    return call;
}

http::Problem too_many_orders() {
    return http::plain_problem(429, "rate_limited",
                               "At most " + std::to_string(orders_in_hand_max) +
                                   " orders may wait for their answer on one connection; nothing was applied.",
                               too_many_retry_s);
}

std::string order_ack(const http::CallAnswer& answer) {
    std::string json = "{\"status\":";
    json.reserve(answer.body.size() + 64);
    append_int(json, answer.status);
    json += answer.status < 400 ? ",\"order\":" : ",\"problem\":";
    json += answer.body;
    if (answer.retry_after > 0) {
        json += ",\"retry_after\":";
        append_int(json, answer.retry_after);
    }
    json += '}';
    return json;
}

}  // namespace onhand::live
