#include "transport/socketio/cluster/redis_messages.hpp"

#include <gtest/gtest.h>

#include "transport/socketio/cluster/json_value.hpp"
#include "transport/socketio/cluster/msgpack.hpp"
#include "transport/socketio/cluster/testing/hex.hpp"

namespace onhand::socketio {
namespace {

using Names = std::vector<std::string>;
using std::chrono::milliseconds;

// `json` as msgpack; bytes stand in it as placeholders.
std::string packed(std::string json, Attachments attachments = {}) {
    return encode_msgpack(parse_json(JsonData{std::move(json), std::move(attachments)}).value()).value();
}

std::string long_text(std::size_t length) {
    std::string text;
    text.resize(length, 'x');
    return text;
}

TEST(RedisChannels, are_named_as_the_npm_package_names_them) {
    const RedisChannels channels("socket.io");
    EXPECT_EQ(channels.broadcast("/"), "socket.io#/#");
    EXPECT_EQ(channels.broadcast("/chat", "room"), "socket.io#/chat#room#");
    EXPECT_EQ(channels.request("/chat"), "socket.io-request#/chat#");
    EXPECT_EQ(channels.response("/chat"), "socket.io-response#/chat#");
    EXPECT_EQ(channels.response("/chat", "uid"), "socket.io-response#/chat#uid#");
    EXPECT_EQ(channels.broadcast_pattern("/chat"), "socket.io#/chat#*");
    EXPECT_EQ(channels.broadcast_pattern("/a*b?c[d]e\\f"), "socket.io#/a\\*b\\?c\\[d\\]e\\\\f#*");
}

// io.emit("hello", 1, "2", {3: [true]}) of a Node server.
constexpr std::string_view captured_broadcast =
    "93a64f482d355a4883a47479706502a46461746194a568656c6c6f01a13281a13391c3a36e7370a12f83a5726f6f6d7390a66578636570749"
    "0a5666c61677380";

// emit("from-emitter", {a: 1}, <09 08>) of the emitter.
constexpr std::string_view captured_emitter =
    "93a7656d697474657283a47479706502a46461746193ac66726f6d2d656d697474657281a16101c4020908a36e7370a12f83a5726f6f6d739"
    "0a5666c61677380a665786365707490";

TEST(BroadcastMessage, is_read_as_node_wrote_it) {
    const auto message = decode_broadcast(from_hex(captured_broadcast));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->uid, "OH-5ZH");
    EXPECT_EQ(message->nsp, "/");
    EXPECT_EQ(message->event.json, R"(["hello",1,"2",{"3":[true]}])");
    EXPECT_TRUE(message->event.attachments.empty());
    EXPECT_TRUE(message->target.rooms.empty());
    EXPECT_TRUE(message->target.except.empty());
    EXPECT_FALSE(message->target.is_volatile);
}

TEST(BroadcastMessage, is_read_as_the_emitter_wrote_it) {
    const auto message = decode_broadcast(from_hex(captured_emitter));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->uid, "emitter");
    EXPECT_EQ(message->event.json, R"(["from-emitter",{"a":1},{"_placeholder":true,"num":0}])");
    EXPECT_EQ(message->event.attachments, (Attachments{"\x09\x08"}));
}

TEST(BroadcastMessage, is_written_byte_for_byte_as_node_writes_it) {
    const BroadcastMessage message{"OH-5ZH", "/", {R"(["hello",1,"2",{"3":[true]}])", {}}, {}};
    EXPECT_EQ(to_hex_text(encode_broadcast(message).value()), captured_broadcast);
}

TEST(BroadcastMessage, carries_target_and_flags) {
    const BroadcastMessage message{"u", "/chat", {R"(["e"])", {}}, {{"a", "b"}, {"c"}, true}};
    const auto read = decode_broadcast(encode_broadcast(message).value());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->nsp, "/chat");
    EXPECT_EQ(read->target.rooms, (Names{"a", "b"}));
    EXPECT_EQ(read->target.except, Names{"c"});
    EXPECT_TRUE(read->target.is_volatile);
}

TEST(BroadcastMessage, may_lack_namespace_except_and_flags_and_have_numbers_as_rooms) {
    const auto message = decode_broadcast(packed(R"(["u",{"type":2,"data":["e"]},{"rooms":[7,"x",1.5]}])"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->nsp, "/");
    EXPECT_EQ(message->target.rooms, (Names{"7", "x", "1.5"}));
    EXPECT_TRUE(decode_broadcast(packed(R"(["u",{"type":5,"data":[1]},{"rooms":null}])")));
}

TEST(BroadcastMessage, is_refused_when_malformed) {
    const std::string_view cases[] = {
        R"({"type":3})",
        R"([])",
        R"(["u",{"type":2,"data":["e"]}])",
        R"(["u",null,{"rooms":[]}])",
        R"(["u",{"data":["e"]},{"rooms":[]}])",
        R"(["u",{"type":3,"data":["e"]},{"rooms":[]}])",
        R"(["u",{"type":2},{"rooms":[]}])",
        R"(["u",{"type":2,"data":{}},{"rooms":[]}])",
        R"(["u",{"type":2,"data":[]},{"rooms":[]}])",
        R"(["u",{"type":2,"data":[null]},{"rooms":[]}])",
        R"(["u",{"type":2,"data":["e"],"nsp":1},{"rooms":[]}])",
        R"(["u",{"type":2,"data":["e"]},[]])",
        R"(["u",{"type":2,"data":["e"]},null])",
        R"(["u",{"type":2,"data":["e"]},{"rooms":"r"}])",
        R"(["u",{"type":2,"data":["e"]},{"rooms":[null]}])",
        R"(["u",{"type":2,"data":["e"]},{"rooms":[],"except":[[]]}])",
    };
    for (const auto text : cases) EXPECT_FALSE(decode_broadcast(packed(std::string(text)))) << text;
    EXPECT_FALSE(decode_broadcast(R"(["u",{"type":2,"data":["e"]},{"rooms":[]}])")) << "JSON";
    std::string eleven = R"(["u",{"type":2,"data":["e")";
    for (int i = 0; i < 11; ++i) eleven += R"(,{"_placeholder":true,"num":0})";
    EXPECT_FALSE(decode_broadcast(packed(eleven + R"(]},{"rooms":[]}])", {"x"})));
}

TEST(BroadcastMessage, is_not_written_when_the_event_is_none_or_too_large) {
    const auto encodes = [](std::string json) {
        return encode_broadcast({"u", "/", {std::move(json), {}}, {}}).has_value();
    };
    EXPECT_TRUE(encodes(R"(["e"])"));
    EXPECT_FALSE(encodes("{}"));
    EXPECT_FALSE(encodes("[]"));
    EXPECT_FALSE(encodes("[\"e\""));
    EXPECT_FALSE(encodes("[\"" + long_text(17'000'000) + "\"]"));
}

TEST(RequestMessage, is_read_in_every_type) {
    auto read = decode_request(R"({"uid":"n","requestId":"r1","type":0,"rooms":["a",2]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->type, RequestType::sockets);
    EXPECT_EQ(read->rooms, (Names{"a", "2"}));
    read = decode_request(R"({"uid":"n","requestId":"r1","type":1})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->request_id, "r1");
    read = decode_request(R"({"uid":"n","type":2,"opts":{"rooms":["a"],"except":["b"]},"rooms":["c"]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->target.rooms, Names{"a"});
    EXPECT_EQ(read->target.except, Names{"b"});
    EXPECT_EQ(read->rooms, Names{"c"});
    EXPECT_FALSE(read->single_socket);
    read = decode_request(R"({"type":4,"opts":{"rooms":[],"except":[]},"close":true})");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->close);
    EXPECT_EQ(read->uid, "");
    read = decode_request(R"({"uid":"n","requestId":"r2","type":5,"opts":{"rooms":["a"],"except":[]}})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->target.rooms, Names{"a"});
    read = decode_request(R"({"uid":"emitter","type":6,"data":["e",{"x":1}]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->event.json, R"(["e",{"x":1}])");
    EXPECT_EQ(read->request_id, "");
}

TEST(RequestMessage, about_one_client_is_read_in_the_form_of_older_versions) {
    auto read = decode_request(R"({"type":2,"sid":"s1","room":"a","requestId":"r"})");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->single_socket);
    EXPECT_EQ(read->target.rooms, Names{"s1"});
    EXPECT_EQ(read->rooms, Names{"a"});
    read = decode_request(R"({"type":3,"sid":"s1","room":7,"requestId":"r"})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->rooms, Names{"7"});
    read = decode_request(R"({"type":4,"sid":"s1","close":false,"requestId":"r"})");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->single_socket);
    EXPECT_FALSE(decode_request(R"({"type":2,"sid":"s1","requestId":"r"})"));
    EXPECT_FALSE(decode_request(R"({"type":2,"room":"a","requestId":"r"})"));
}

TEST(RequestMessage, for_a_broadcast_with_acknowledgements_is_read_as_msgpack_and_as_json) {
    const std::string json = R"({"uid":"n","requestId":"r","type":7,"packet":{"type":2,"data":["e",1],"nsp":"/chat"},)"
                             R"("opts":{"rooms":["a"],"except":[],"flags":{"timeout":500.0,"volatile":true}}})";
    for (const auto& bytes : {json, packed(json)}) {
        const auto read = decode_request(bytes);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->type, RequestType::broadcast);
        EXPECT_EQ(read->nsp, "/chat");
        EXPECT_EQ(read->event.json, R"(["e",1])");
        EXPECT_EQ(read->timeout, milliseconds(500));
        EXPECT_TRUE(read->target.is_volatile);
    }
    auto binary = json;
    binary.replace(binary.find("1],"), 2, R"({"_placeholder":true,"num":0}])");
    const auto read = decode_request(packed(binary, {"bytes"}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->event.attachments, Attachments{"bytes"});
}

TEST(RequestMessage, bounds_the_time_for_acknowledgements) {
    const auto timeout = [](const std::string& flags) {
        const auto text =
            R"({"requestId":"r","type":7,"packet":{"type":2,"data":["e"]},"opts":{"flags":)" + flags + "}}";
        return decode_request(text).value().timeout;
    };
    EXPECT_EQ(timeout(R"({"timeout":-5})"), milliseconds(0));
    EXPECT_EQ(timeout(R"({"timeout":9007199254740000})"), milliseconds(3'600'000));
    EXPECT_EQ(timeout(R"({"timeout":"5"})"), std::nullopt);
    EXPECT_EQ(timeout("{}"), std::nullopt);
    EXPECT_EQ(timeout("null"), std::nullopt);
}

TEST(RequestMessage, is_refused_when_malformed) {
    const std::string_view cases[] = {
        "",
        "{",
        "{}",
        R"({"type":"0"})",
        R"({"type":8,"requestId":"r"})",
        R"({"type":-1,"requestId":"r"})",
        R"({"type":1.5,"requestId":"r"})",
        R"({"type":0,"rooms":[]})",
        R"({"type":0,"requestId":"r","rooms":{}})",
        R"({"type":1})",
        R"({"type":1,"requestId":7})",
        R"({"type":2})",
        R"({"type":2,"opts":[],"rooms":["a"]})",
        R"({"type":3,"opts":{"rooms":[]},"rooms":"a"})",
        R"({"type":5,"requestId":"r"})",
        R"({"type":6,"data":"e"})",
        R"({"type":6,"data":[]})",
        R"({"type":7,"requestId":"r","packet":{"type":2,"data":["e"]}})",
        R"({"type":7,"requestId":"r","opts":{"rooms":[]}})",
        R"({"type":7,"packet":{"type":2,"data":["e"]},"opts":{"rooms":[]}})",
        R"(["type",1])",
    };
    for (const auto text : cases) EXPECT_FALSE(decode_request(text)) << text;
}

TEST(RequestMessage, is_written_as_node_reads_it) {
    RequestMessage message;
    message.type = RequestType::remote_join;
    message.uid = "me";
    message.target = {{"a"}, {"b"}, false};
    message.rooms = {"c"};
    EXPECT_EQ(encode_request(message),
              R"({"uid":"me","type":2,"opts":{"rooms":["a"],"except":["b"],"flags":{}},"rooms":["c"]})");
    message.type = RequestType::remote_disconnect;
    message.close = true;
    EXPECT_EQ(encode_request(message),
              R"({"uid":"me","type":4,"opts":{"rooms":["a"],"except":["b"],"flags":{}},"close":true})");
    message.type = RequestType::remote_fetch;
    message.request_id = "r";
    EXPECT_EQ(encode_request(message),
              R"({"uid":"me","requestId":"r","type":5,"opts":{"rooms":["a"],"except":["b"],"flags":{}}})");
    message.type = RequestType::server_side_emit;
    message.event = {R"(["e",1])", {}};
    EXPECT_EQ(encode_request(message), R"({"uid":"me","requestId":"r","type":6,"data":["e",1]})");
    message.event = {R"(["e",{"_placeholder":true,"num":0}])", {"bytes"}};
    EXPECT_EQ(encode_request(message),
              packed(R"({"uid":"me","requestId":"r","type":6,"data":["e",{"_placeholder":true,"num":0}]})", {"bytes"}));
    message.event.json = "broken";
    EXPECT_FALSE(encode_request(message));
}

TEST(ResponseMessage, is_read_in_every_type) {
    auto read = decode_response(R"({"requestId":"r","sockets":["a","b"]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<SocketIdsAnswer>(read->answer).ids, (Names{"a", "b"}));
    read = decode_response(R"({"requestId":"r","rooms":["a"]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<RoomsAnswer>(read->answer).rooms, Names{"a"});
    read = decode_response(R"({"requestId":"r"})");
    ASSERT_TRUE(read);
    EXPECT_TRUE(std::holds_alternative<DoneAnswer>(read->answer));
    read = decode_response(R"({"type":8,"requestId":"r","clientCount":3})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ClientCountAnswer>(read->answer).count, 3U);
    read = decode_response(R"({"type":6,"requestId":"r","data":[1]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ServerSideEmitAnswer>(read->answer).data.json, "[1]");
    read = decode_response(R"({"type":6,"requestId":"r"})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ServerSideEmitAnswer>(read->answer).data.json, "null");
    read = decode_response(packed(R"({"type":9,"requestId":"r","packet":{"_placeholder":true,"num":0}})", {"x"}));
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ClientAckAnswer>(read->answer).data.json, R"({"_placeholder":true,"num":0})");
    EXPECT_EQ(std::get<ClientAckAnswer>(read->answer).data.attachments, Attachments{"x"});
}

TEST(ResponseMessage, with_clients_is_read_with_what_is_missing_filled_in) {
    const auto read = decode_response(
        R"({"requestId":"r","sockets":[{"id":"a","handshake":{"t":1},"rooms":["a",5],"data":{"n":2}},{"id":"b"}]})");
    ASSERT_TRUE(read);
    const auto& sockets = std::get<SocketsAnswer>(read->answer).sockets;
    ASSERT_EQ(sockets.size(), 2U);
    EXPECT_EQ(sockets[0].handshake_json, R"({"t":1})");
    EXPECT_EQ(sockets[0].rooms, (Names{"a", "5"}));
    EXPECT_EQ(sockets[0].data_json, R"({"n":2})");
    EXPECT_EQ(sockets[1].handshake_json, "{}");
    EXPECT_EQ(sockets[1].data_json, "null");
}

TEST(ResponseMessage, is_refused_when_malformed) {
    const std::string_view cases[] = {
        "",
        "{}",
        R"({"requestId":""})",
        R"({"requestId":5,"rooms":[]})",
        R"({"requestId":"r","rooms":{}})",
        R"({"requestId":"r","rooms":[null]})",
        R"({"requestId":"r","sockets":null})",
        R"({"requestId":"r","sockets":["a",{"id":"b"}]})",
        R"({"requestId":"r","sockets":[{"id":"b"},"a"]})",
        R"({"requestId":"r","sockets":[{"id":7}]})",
        R"({"type":8,"requestId":"r"})",
        R"({"type":8,"requestId":"r","clientCount":-1})",
        R"([1])",
    };
    for (const auto text : cases) EXPECT_FALSE(decode_response(text)) << text;
}

TEST(ResponseMessage, is_written_as_node_reads_it) {
    EXPECT_EQ(encode_response({"r", DoneAnswer{}}), R"({"requestId":"r"})");
    EXPECT_EQ(encode_response({"r", SocketIdsAnswer{{"a"}}}), R"({"requestId":"r","sockets":["a"]})");
    EXPECT_EQ(encode_response({"r", RoomsAnswer{{"a"}}}), R"({"requestId":"r","rooms":["a"]})");
    EXPECT_EQ(encode_response({"r", ClientCountAnswer{2}}), R"({"type":8,"requestId":"r","clientCount":2})");
    EXPECT_EQ(encode_response({"r", ServerSideEmitAnswer{{"[1]", {}}}}), R"({"type":6,"requestId":"r","data":[1]})");
    EXPECT_EQ(encode_response({"r", ClientAckAnswer{{"1", {}}}}), packed(R"({"type":9,"requestId":"r","packet":1})"));
    const RemoteSocket socket{"a", {"a", "b"}, R"({"t":1})", "7"};
    EXPECT_EQ(encode_response({"r", SocketsAnswer{{socket, RemoteSocket{"c", {}, "", ""}}}}),
              R"({"requestId":"r","sockets":[{"id":"a","handshake":{"t":1},"rooms":["a","b"],"data":7},)"
              R"({"id":"c","handshake":{},"rooms":[],"data":null}]})");
    EXPECT_FALSE(encode_response({"r", ServerSideEmitAnswer{{"", {}}}}));
    EXPECT_FALSE(encode_response({"r", ClientAckAnswer{{"x", {}}}}));
    const RemoteSocket large{"a", {}, "\"" + long_text(9'000'000) + "\"", "1"};
    EXPECT_FALSE(encode_response({"r", SocketsAnswer{{large, large}}}));
}

}  // namespace
}  // namespace onhand::socketio
