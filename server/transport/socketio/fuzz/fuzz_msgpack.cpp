// Messages between servers: any bytes are refused or read within bounds, as msgpack, as JSON, as a broadcast, a request
// and a response; and what was read, written again, is the same.
#include <string>

#include "base/text.hpp"
#include "transport/socketio/cluster/json_value.hpp"
#include "transport/socketio/cluster/msgpack.hpp"
#include "transport/socketio/cluster/redis_messages.hpp"
#include "transport/socketio/fuzz/fuzz_target.hpp"

namespace onhand::socketio {
namespace {

std::string json_of(const WireValue& value) {
    std::string out;
    append_json(out, value);
    return out;
}

bool same(const JsonData& a, const JsonData& b) {
    return a.json == b.json && a.attachments == b.attachments;
}

bool same(const Target& a, const Target& b) {
    return a.rooms == b.rooms && a.except == b.except && a.is_volatile == b.is_volatile;
}

// Data that looks like a placeholder may become one on its next way, as between Node's servers; everything else stays.
bool may_change(const JsonData& data) {
    return !data.attachments.empty() && data.json.find("_placeholder") != std::string::npos;
}

void check_data(const JsonData& data) {
    ensure(is_utf8(data.json), "JSON is UTF-8");
    ensure(data.attachments.size() <= attachments_max, "attachments are bounded");
    ensure(parse_json(data).has_value(), "JSON is JSON");
}

void check_value(const WireValue& value) {
    const auto bytes = encode_msgpack(value);
    ensure(bytes.has_value(), "what was read can be written");
    const auto again = decode_msgpack(*bytes);
    ensure(again.has_value(), "what was written is read again");
    // Not the values, as NaN is not itself, and not the first bytes, as integers beyond 2^53 become doubles.
    const auto written = encode_msgpack(*again);
    ensure(written && encode_msgpack(decode_msgpack(*written).value()) == written, "and is the same");
    const auto text = json_of(value);
    ensure(is_utf8(text), "JSON is UTF-8");
    const auto parsed = parse_json(std::string_view(text));
    // The text of bytes is deeper than they are.
    ensure(has_bytes(value) || (parsed && json_of(*parsed) == text), "JSON is JSON, and the same");
    const auto data = to_json_data(value);
    if (data) check_data(*data);
}

void check_broadcast(std::string_view bytes) {
    const auto message = decode_broadcast(bytes);
    if (!message) return;
    check_data(message->event);
    const auto written = encode_broadcast(*message);
    ensure(written.has_value(), "what was read can be written");
    if (may_change(message->event)) return;
    const auto again = decode_broadcast(*written);
    ensure(again && again->uid == message->uid && again->nsp == message->nsp, "the same sender and namespace");
    ensure(same(again->event, message->event) && same(again->target, message->target), "the same event and target");
}

void check_request(std::string_view bytes) {
    const auto message = decode_request(bytes);
    if (!message) return;
    check_data(message->event.json.empty() ? JsonData{"null", {}} : message->event);
    const auto written = encode_request(*message);
    ensure(written.has_value(), "what was read can be written");
    if (may_change(message->event)) return;
    const auto again = decode_request(*written);
    ensure(again && again->type == message->type && again->uid == message->uid, "the same type and sender");
    ensure(again->request_id == message->request_id && again->rooms == message->rooms, "the same rooms");
    ensure(same(again->event, message->event) && same(again->target, message->target), "the same event and target");
    ensure(again->close == message->close && again->timeout == message->timeout, "the same options");
}

void check_response(std::string_view bytes) {
    const auto message = decode_response(bytes);
    if (!message) return;
    const auto written = encode_response(*message);
    ensure(written.has_value(), "what was read can be written");
    const auto again = decode_response(*written);
    ensure(again && again->request_id == message->request_id, "the same question");
}

}  // namespace
}  // namespace onhand::socketio

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace onhand::socketio;
    const auto bytes = as_text(data, size);
    if (const auto value = decode_msgpack(bytes)) check_value(*value);
    if (const auto value = parse_json(bytes)) check_value(*value);
    check_broadcast(bytes);
    check_request(bytes);
    check_response(bytes);
    return 0;
}
