// Whatever is sent is understood: random messages are the same after being written and read, and random bytes never do
// harm.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "transport/socketio/cluster/json_value.hpp"
#include "transport/socketio/cluster/msgpack.hpp"
#include "transport/socketio/cluster/redis_messages.hpp"

namespace onhand::socketio {

bool operator==(const JsonData& a, const JsonData& b) {
    return a.json == b.json && a.attachments == b.attachments;
}

bool operator==(const Target& a, const Target& b) {
    return a.rooms == b.rooms && a.except == b.except && a.is_volatile == b.is_volatile;
}

namespace {

constexpr int depth_max = 5;
constexpr std::int64_t exact_max = std::int64_t{1} << 53;

std::string arbitrary_text() {
    return to_valid_utf8(*rc::gen::arbitrary<std::string>());
}

std::string some_text() {
    return "x" + arbitrary_text();
}

std::vector<std::string> some_names() {
    std::vector<std::string> names(*rc::gen::inRange<std::size_t>(0, 4));
    for (auto& name : names) name = arbitrary_text();
    return names;
}

// A value as it looks after it was read: no duplicate keys, integers in the range that stays exact.
WireValue some_value(int depth, int& bytes_left) {
    switch (*rc::gen::inRange(0, depth < depth_max ? 9 : 7)) {
        case 0:
            return {};
        case 1:
            return {*rc::gen::arbitrary<bool>()};
        case 2:
            return {*rc::gen::inRange(-exact_max, exact_max)};
        case 3:
            return {static_cast<std::int64_t>(*rc::gen::inRange(-300, 300))};
        case 4:
            return {*rc::gen::inRange(-1000, 1000) + 0.25};
        case 5:
            return {arbitrary_text()};
        case 6:
            if (bytes_left-- <= 0) return {};
            return {WireBytes{*rc::gen::arbitrary<std::string>()}};
        case 7: {
            WireArray array(*rc::gen::inRange<std::size_t>(0, 6));
            for (auto& each : array) each = some_value(depth + 1, bytes_left);
            return {std::move(array)};
        }
        default: {
            WireObject object(*rc::gen::inRange<std::size_t>(0, 6));
            for (auto& member : object) member = {arbitrary_text(), some_value(depth + 1, bytes_left)};
            keep_last_of_duplicates(object);
            return {std::move(object)};
        }
    }
}

JsonData some_data() {
    int bytes_left = static_cast<int>(attachments_max);
    return to_json_data(some_value(0, bytes_left)).value();
}

JsonData some_event() {
    int bytes_left = static_cast<int>(attachments_max);
    WireArray event{WireValue{arbitrary_text()}};
    const auto arguments = *rc::gen::inRange(0, 4);
    for (int i = 0; i < arguments; ++i) event.push_back(some_value(1, bytes_left));
    return to_json_data(WireValue{std::move(event)}).value();
}

Target some_target() {
    return {some_names(), some_names(), *rc::gen::arbitrary<bool>()};
}

RC_GTEST_PROP(MsgpackProperty, every_value_reads_back_as_it_was_written, ()) {
    int bytes_left = 100;
    const auto value = some_value(0, bytes_left);
    RC_ASSERT(decode_msgpack(encode_msgpack(value).value()) == value);
}

RC_GTEST_PROP(JsonValueProperty, every_value_reads_back_as_it_was_written, ()) {
    int bytes_left = static_cast<int>(attachments_max);
    const auto value = some_value(0, bytes_left);
    RC_ASSERT(parse_json(to_json_data(value).value()) == value);
}

RC_GTEST_PROP(RedisMessagesProperty, every_broadcast_reads_back_as_it_was_written, ()) {
    const BroadcastMessage message{some_text(), some_text(), some_event(), some_target()};
    const auto read = decode_broadcast(encode_broadcast(message).value());
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->uid == message.uid);
    RC_ASSERT(read->nsp == message.nsp);
    RC_ASSERT(read->event == message.event);
    RC_ASSERT(read->target == message.target);
}

// A request with the fields its type has, and no others.
RequestMessage some_request() {
    RequestMessage message;
    message.type = static_cast<RequestType>(*rc::gen::inRange(0, 8));
    message.uid = arbitrary_text();
    message.request_id = some_text();
    if (message.type == RequestType::sockets) message.rooms = some_names();
    if (message.type == RequestType::remote_join || message.type == RequestType::remote_leave) {
        message.single_socket = *rc::gen::arbitrary<bool>();
        message.rooms = message.single_socket ? std::vector{arbitrary_text()} : some_names();
    }
    if (message.type == RequestType::remote_disconnect) message.close = *rc::gen::arbitrary<bool>();
    if (message.single_socket) {
        message.target.rooms = {arbitrary_text()};
    } else if (message.type >= RequestType::remote_join && message.type != RequestType::server_side_emit) {
        message.target = some_target();
    }
    if (message.type >= RequestType::server_side_emit) message.event = some_event();
    if (message.type == RequestType::broadcast) {
        message.nsp = some_text();
        if (*rc::gen::arbitrary<bool>()) message.timeout = std::chrono::milliseconds(*rc::gen::inRange(0, 100'000));
    }
    return message;
}

RC_GTEST_PROP(RedisMessagesProperty, every_request_reads_back_as_it_was_written, ()) {
    const auto message = some_request();
    const auto read = decode_request(encode_request(message).value());
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->type == message.type);
    RC_ASSERT(read->uid == message.uid);
    RC_ASSERT(read->request_id == message.request_id);
    RC_ASSERT(read->target == message.target);
    RC_ASSERT(read->single_socket == message.single_socket);
    RC_ASSERT(read->rooms == message.rooms);
    RC_ASSERT(read->close == message.close);
    RC_ASSERT(read->nsp == message.nsp);
    RC_ASSERT(read->event == message.event);
    RC_ASSERT((read->timeout == message.timeout));
}

RC_GTEST_PROP(RedisMessagesProperty, every_answer_reads_back_as_it_was_written, ()) {
    ResponseMessage message{some_text(), DoneAnswer{}};
    switch (*rc::gen::inRange(0, 6)) {
        case 0:
            message.answer = SocketIdsAnswer{{some_text(), some_text()}};
            break;
        case 1:
            message.answer = RoomsAnswer{some_names()};
            break;
        case 2:
            message.answer = SocketsAnswer{{RemoteSocket{some_text(), some_names(), R"({"t":1})", "[2]"}}};
            break;
        case 3:
            message.answer = ServerSideEmitAnswer{some_data()};
            break;
        case 4:
            message.answer = ClientCountAnswer{*rc::gen::inRange<std::size_t>(0, 1'000'000)};
            break;
        default:
            message.answer = ClientAckAnswer{some_data()};
            break;
    }
    const auto bytes = encode_response(message).value();
    const auto read = decode_response(bytes);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->request_id == message.request_id);
    RC_ASSERT(read->answer.index() == message.answer.index());
    RC_ASSERT(encode_response(*read) == bytes);
}

RC_GTEST_PROP(RedisMessagesProperty, no_bytes_do_harm, ()) {
    auto bytes = *rc::gen::arbitrary<std::string>();
    if (*rc::gen::arbitrary<bool>()) {
        // A damaged message gets further than noise does.
        bytes = encode_broadcast({some_text(), some_text(), some_event(), some_target()}).value();
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    const auto message = decode_broadcast(bytes);
    if (message) RC_ASSERT(parse_json(message->event).has_value());
    decode_request(bytes);
    decode_response(bytes);
}

}  // namespace
}  // namespace onhand::socketio
