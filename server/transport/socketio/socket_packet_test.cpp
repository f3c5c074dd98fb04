#include "transport/socketio/socket_packet.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>
#include <stdexcept>

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
             "5-[\"a\"]",
             "5[\"a\"]",
             "50-[\"a\"]",
             "5-",
             "51-",
             "51",
             "51[\"a\"]",
             "51e9-[\"a\"]",
             "5-1-[\"a\"]",
             "51.5-[\"a\"]",
             "5 1-[\"a\"]",
             "511-[\"a\"]",
             "599999999999999999999-[\"a\"]",
             "51-[]",
             "51-{}",
             "51-[\"connect\"]",
             "6-1[]",
             "61-1{}",
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
    EXPECT_EQ(read("2[\"a\",1e400,-0,1.5]"), "2 / - [\"a\",null,0,1.5E0]");
}

// Found by the fuzzer.
TEST(SocketPacket, an_event_is_not_named_by_a_number_that_is_none) {
    EXPECT_EQ(read("2[500000005.05E460]"), "refused");
    EXPECT_EQ(read("2[-1e400]"), "refused");
    EXPECT_FALSE(parse_event_json("[1e400]").has_value());
}

TEST(SocketPacket, replaces_half_a_surrogate_pair) {
    EXPECT_EQ(read("2[\"a\",\"\\ud800\"]"), "2 / - [\"a\",\"\ufffd\"]");
    EXPECT_EQ(read("2[\"a\",\"\\udc00x\\uD83C\\uDF89\"]"), "2 / - [\"a\",\"\ufffdx\U0001f389\"]");
    EXPECT_EQ(read("2[\"a\",\"\\ud800\\ud800\\\\ud800\"]"), "2 / - [\"a\",\"\ufffd\ufffd\\\\ud800\"]");
    EXPECT_EQ(read("2[\"a\",\"\\ud800\\u"), "refused");
    EXPECT_EQ(read("2[\"a\",\"\\ud8"), "refused");
}

TEST(SocketPacket, names_events_by_text_or_number) {
    EXPECT_EQ(event_name(*parse_event_json("[\"hello\"]")), "hello");
    EXPECT_EQ(event_name(*parse_event_json("[17]")), "17");
}

TEST(SocketPacket, is_written_for_both_transports) {
    EXPECT_EQ(encode_connect("/", "abc").polling_text(), "40{\"sid\":\"abc\"}");
    EXPECT_EQ(encode_connect("/ns", "abc").polling_text(), "40/ns,{\"sid\":\"abc\"}");
    EXPECT_EQ(encode_connect_error("/ns", "no \"way\"", "").polling_text(), "44/ns,{\"message\":\"no \\\"way\\\"\"}");
    EXPECT_EQ(encode_connect_error("/", "no", "{\"a\":1}").polling_text(), "44{\"message\":\"no\",\"data\":{\"a\":1}}");
    EXPECT_EQ(encode_disconnect("/").polling_text(), "41");
    EXPECT_EQ(encode_disconnect("/ns").polling_text(), "41/ns,");
    EXPECT_EQ(encode_connect("/", "abc", "p").polling_text(), "40{\"sid\":\"abc\",\"pid\":\"p\"}");
    EXPECT_EQ(event_json("a", ""), "[\"a\"]");
    EXPECT_EQ(event_json("a", "1,{}"), "[\"a\",1,{}]");
    EXPECT_EQ(encode_event("/", "[\"a\"]").head.polling_text(), "42[\"a\"]");
    EXPECT_EQ(encode_event("/ns", "[\"a\",1]", {}, 5).head.polling_text(), "42/ns,5[\"a\",1]");
    EXPECT_EQ(encode_event("/", "[\"a\",[1]]", {}, {}, "7").head.polling_text(), "42[\"a\",[1],\"7\"]");
    EXPECT_EQ(encode_ack("/", 12, "true").head.polling_text(), "4312[true]");
    EXPECT_EQ(encode_ack("/ns", 0, "").head.polling_text(), "43/ns,0[]");
}

TEST(SocketPacket, is_written_with_its_attachments) {
    const auto event = encode_event("/ns", "[\"a\"]", encode_attachments({"\x01", "two"}), 3);
    EXPECT_EQ(event.head.polling_text(), "452-/ns,3[\"a\"]");
    ASSERT_EQ(event.attachments.size(), 2u);
    EXPECT_EQ(event.attachments[0].polling_text(), "bAQ==");
    EXPECT_EQ(event.attachments[1].binary_payload(), "two");
    EXPECT_EQ(event.size(), event.head.size() + event.attachments[0].size() + event.attachments[1].size());
    EXPECT_EQ(encode_ack("/", 1, "0", encode_attachments({"x"})).head.polling_text(), "461-1[0]");
    EXPECT_THROW(encode_attachments(Attachments(attachments_max + 1)), std::length_error);
}

// Decodes a binary packet and gives it `attachments`; its JSON and the attachments that are left, or "refused".
std::string complete(std::string_view text, Attachments attachments) {
    auto packet = decode_socket_packet(text);
    if (!packet) return "not decoded";
    EXPECT_EQ(packet->attachments_due, attachments.size());
    packet->attachments = std::move(attachments);
    if (!complete_binary_packet(*packet)) return "refused";
    std::string out(packet->json);
    EXPECT_EQ(boost::json::serialize(packet->payload), out);
    for (const auto& bytes : packet->attachments) out += " " + bytes;
    return out;
}

TEST(SocketPacket, puts_attachments_in_their_places) {
    const std::string zero = R"({"_placeholder":true,"num":0})";
    const std::string one = R"({"_placeholder":true,"num":1})";
    EXPECT_EQ(complete("51-[\"a\"," + zero + "]", {"x"}), "[\"a\"," + zero + "] x");
    EXPECT_EQ(complete("52-/ns,7[\"a\",{\"k\":[" + one + "]}," + zero + "]", {"x", "y"}),
              "[\"a\",{\"k\":[" + one + "]}," + zero + "] x y");
    EXPECT_EQ(complete("61-1[" + zero + "," + zero + "]", {"x"}), "[" + zero + "," + zero + "] x");
    const auto packet = decode_socket_packet("61-12[1]");
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->id, 12u);
}

TEST(SocketPacket, drops_attachments_nobody_refers_to) {
    const std::string zero = R"({"_placeholder":true,"num":0})";
    EXPECT_EQ(complete("51-[\"a\"]", {"x"}), "[\"a\"]");
    EXPECT_EQ(complete(R"(53-["a",{"_placeholder":true,"num":1}])", {"x", "y", "z"}), "[\"a\"," + zero + "] y");
}

TEST(SocketPacket, what_is_written_anew_is_json_whatever_the_numbers) {
    EXPECT_EQ(complete("51-[\"a\",1e400,{\"b\":[-1e400,1e300]}]", {"x"}), "[\"a\",null,{\"b\":[null,1E300]}]");
}

TEST(SocketPacket, refuses_wrong_placeholders) {
    for (const char* number :
         {"-1", "1", "10", "0.5", "\"splice\"", "null", "true", "[0]", "1e30", "9223372036854775808"}) {
        EXPECT_EQ(complete("51-[\"a\",{\"_placeholder\":true,\"num\":" + std::string(number) + "}]", {"x"}), "refused")
            << number;
    }
    EXPECT_EQ(complete(R"(51-["a",{"_placeholder":true}])", {"x"}), "refused");
    EXPECT_EQ(complete(R"(51-["a",{"_placeholder":false,"num":5}])", {"x"}), R"(["a",{"_placeholder":false,"num":5}])");
}

TEST(SocketPacket, takes_no_more_attachments_than_the_limit) {
    EXPECT_TRUE(decode_socket_packet("510-[\"a\"]"));
    EXPECT_FALSE(decode_socket_packet("511-[\"a\"]"));
    EXPECT_TRUE(decode_socket_packet("52-[\"a\"]", 2));
    EXPECT_FALSE(decode_socket_packet("53-[\"a\"]", 2));
    EXPECT_FALSE(decode_socket_packet("51-[\"a\"]", 0));
}

TEST(SocketPacket, takes_one_value_out_with_its_attachments) {
    const auto value = boost::json::parse(R"({"k":{"_placeholder":true,"num":1}})");
    const auto data = extract_value(value, {"x", "y"});
    EXPECT_EQ(data.json, R"({"k":{"_placeholder":true,"num":0}})");
    EXPECT_EQ(data.attachments, Attachments{"y"});
    EXPECT_EQ(extract_value(value, {}).json, R"({"k":{"_placeholder":true,"num":1}})");
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
