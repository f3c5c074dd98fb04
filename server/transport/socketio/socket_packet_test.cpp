#include "transport/socketio/socket_packet.hpp"

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <random>

namespace onhand::socketio {
namespace {

// "type nsp id json", or "refused".
std::string read(std::string_view text) {
    const auto packet = decode_socket_packet(text);
    if (!packet) return "refused";
    return std::to_string(static_cast<int>(packet->type)) + " " + std::string(packet->nsp) + " " +
           (packet->id ? std::to_string(*packet->id) : "-") + " " +
           (packet->json.empty() ? "" : boost::json::serialize(packet->payload));
}

TEST(SocketPacket, reads_every_kind_a_client_may_send) {
    EXPECT_EQ(read("0"), "0 / - ");
    EXPECT_EQ(read("0{\"token\":\"x\"}"), "0 / - {\"token\":\"x\"}");
    EXPECT_EQ(read("0/admin,"), "0 /admin - ");
    EXPECT_EQ(read("0/admin"), "0 /admin - ");
    EXPECT_EQ(read("0/,{}"), "0 / - {}");
    EXPECT_EQ(read("0/custom?x=1,"), "0 /custom?x=1 - ");
    EXPECT_EQ(read("1"), "1 / - ");
    EXPECT_EQ(read("1/custom"), "1 /custom - ");
    EXPECT_EQ(read("2[\"a\",1,\"2\",{\"3\":[true]}]"), "2 / - [\"a\",1,\"2\",{\"3\":[true]}]");
    EXPECT_EQ(read("2/ns,17[\"a\"] \n"), "2 /ns 17 [\"a\"]");
    EXPECT_EQ(read("2007[1]"), "2 / 7 [1]");
    EXPECT_EQ(read("2"), "2 / - ");
    EXPECT_EQ(read("31[]"), "3 / 1 []");
    EXPECT_EQ(read("3/ns,9007199254740992[null]"), "3 /ns 9007199254740992 [null]");
}

TEST(SocketPacket, refuses_what_breaks_the_protocol) {
    for (const char* text : {
             "",
             "4",
             "4{\"message\":\"x\"}",
             "7",
             "9",
             "a",
             " 2[\"a\"]",
             "{}",
             "0[]",
             "0null",
             "0\"str\"",
             "0{",
             "0{}{}",
             "1[]",
             "1{}",
             "2{}",
             "2[]",
             "2[null]",
             "2[{\"toString\":\"foo\"}]",
             "2[[\"a\"]]",
             "2[true]",
             "2\"a\"",
             "2[\"connect\"]",
             "2[\"connect_error\"]",
             "2[\"disconnect\"]",
             "2[\"disconnecting\"]",
             "2[\"newListener\"]",
             "2[\"removeListener\"]",
             "2-1[\"a\"]",
             "21.5[\"a\"]",
             "2abc[\"a\"]",
             "212345678901234567[\"a\"]",
             "2[\"a\"",
             "2[\"a\",]",
             "2[\"a\",NaN]",
             "2['a']",
             "2[\"a\"]x",
             "2[\"\xff\"]",
             "2[\"a\nb\"]",
             "3{}",
             "31\"a\"",
             "2 ",
             "51-[\"a\",{\"_placeholder\":true,\"num\":0}]",
             "5-",
             "51e9-[\"a\"]",
             "5-1-[\"a\"]",
             "511-[\"a\"]",
             "61-1[]",
         }) {
        EXPECT_EQ(read(text), "refused") << text;
    }
    EXPECT_EQ(read("0/" + std::string(10240, 'n') + ","), "refused");
    EXPECT_EQ(read("2[\"a\"," + std::string(100000, '[')), "refused");
    EXPECT_EQ(read("2[\"a\"," + std::string(80, '[') + std::string(80, ']') + "]"), "refused");
}

TEST(SocketPacket, keeps_unusual_but_legal_text) {
    EXPECT_EQ(read("2[\"error\"]"), "2 / - [\"error\"]");
    EXPECT_EQ(read("2[\"\"]"), "2 / - [\"\"]");
    EXPECT_EQ(read("2[\"a\",\"\\u0000\"]"), "2 / - [\"a\",\"\\u0000\"]");
    EXPECT_EQ(read("2[\"a\",{\"_placeholder\":true,\"num\":0}]"), "2 / - [\"a\",{\"_placeholder\":true,\"num\":0}]");
    EXPECT_EQ(read("2[\"a\",{\"k\":1,\"k\":2}]"), "2 / - [\"a\",{\"k\":2}]");
    EXPECT_NE(read("2[\"a\",1e400,-0,1.5]"), "refused");
}

TEST(SocketPacket, replaces_half_a_surrogate_pair) {
    EXPECT_EQ(read("2[\"a\",\"\\ud800\"]"), "2 / - [\"a\",\"\ufffd\"]");
    EXPECT_EQ(read("2[\"a\",\"\\udc00x\\uD83C\\uDF89\"]"), "2 / - [\"a\",\"\ufffdx\U0001f389\"]");
    EXPECT_EQ(read("2[\"a\",\"\\ud800\\ud800\\\\ud800\"]"), "2 / - [\"a\",\"\ufffd\ufffd\\\\ud800\"]");
    EXPECT_EQ(read("2[\"a\",\"\\ud800\\u"), "refused");
    EXPECT_EQ(read("2[\"a\",\"\\ud8"), "refused");
}

TEST(SocketPacket, names_events_by_text_or_number) {
    EXPECT_EQ(event_name(*decode_socket_packet("2[\"hello\"]")), "hello");
    EXPECT_EQ(event_name(*decode_socket_packet("2[17]")), "17");
}

TEST(SocketPacket, is_written_for_both_transports) {
    EXPECT_EQ(encode_connect("/", "abc").polling_text(), "40{\"sid\":\"abc\"}");
    EXPECT_EQ(encode_connect("/ns", "abc").polling_text(), "40/ns,{\"sid\":\"abc\"}");
    EXPECT_EQ(encode_connect_error("/ns", "no \"way\"", "").polling_text(), "44/ns,{\"message\":\"no \\\"way\\\"\"}");
    EXPECT_EQ(encode_connect_error("/", "no", "{\"a\":1}").polling_text(), "44{\"message\":\"no\",\"data\":{\"a\":1}}");
    EXPECT_EQ(encode_disconnect("/").polling_text(), "41");
    EXPECT_EQ(encode_disconnect("/ns").polling_text(), "41/ns,");
    EXPECT_EQ(encode_event("/", "a", "").polling_text(), "42[\"a\"]");
    EXPECT_EQ(encode_event("/ns", "a", "1,{}", 5).polling_text(), "42/ns,5[\"a\",1,{}]");
    EXPECT_EQ(encode_ack("/", 12, "true").polling_text(), "4312[true]");
    EXPECT_EQ(encode_ack("/ns", 0, "").polling_text(), "43/ns,0[]");
}

TEST(SocketPacket, survives_any_text) {
    std::mt19937 random(7);
    const std::string alphabet = "0123456[]{}\",:/-\\ud8anulltrue \x1e\xff\xc3";
    for (int round = 0; round < 20000; ++round) {
        std::string text(random() % 40, '\0');
        for (auto& c : text) c = alphabet[random() % alphabet.size()];
        const auto packet = decode_socket_packet(text);
        if (packet && packet->type == SocketPacketType::event && !packet->json.empty()) {
            EXPECT_FALSE(packet->payload.get_array().empty());
        }
    }
}

}  // namespace
}  // namespace onhand::socketio
