#include "transport/socketio/cluster/msgpack.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "transport/socketio/cluster/iso_date.hpp"
#include "transport/socketio/cluster/json_value.hpp"
#include "transport/socketio/cluster/testing/hex.hpp"

namespace onhand::socketio {
namespace {

// What `hex` decodes to, as JSON.
std::string decoded(std::string_view hex) {
    const auto value = decode_msgpack(from_hex(hex));
    if (!value) return "refused";
    std::string out;
    append_json(out, *value);
    return out;
}

std::string encoded(std::string_view json) {
    return to_hex_text(encode_msgpack(parse_json(json).value()).value());
}

TEST(MsgpackDecoder, reads_every_format) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"c0", "null"},
        {"c2", "false"},
        {"c3", "true"},
        {"00", "0"},
        {"7f", "127"},
        {"ff", "-1"},
        {"e0", "-32"},
        {"ccff", "255"},
        {"cdffff", "65535"},
        {"ceffffffff", "4294967295"},
        {"cf0020000000000000", "9007199254740992"},
        {"d080", "-128"},
        {"d18000", "-32768"},
        {"d280000000", "-2147483648"},
        {"d3ffe0000000000000", "-9007199254740992"},
        {"ca3fc00000", "1.5"},
        {"cb3ff8000000000000", "1.5"},
        {"cb7ff0000000000000", "null"},
        {"cb7ff8000000000000", "null"},
        {"a0", "\"\""},
        {"a161", "\"a\""},
        {"d90161", "\"a\""},
        {"da000161", "\"a\""},
        {"db0000000161", "\"a\""},
        {"90", "[]"},
        {"9201c0", "[1,null]"},
        {"dc000101", "[1]"},
        {"dd0000000101", "[1]"},
        {"80", "{}"},
        {"81a16101", "{\"a\":1}"},
        {"de0001a16101", "{\"a\":1}"},
        {"df00000001a16101", "{\"a\":1}"},
        {"c40109", R"({"type":"Buffer","data":[9]})"},
        {"c5000109", R"({"type":"Buffer","data":[9]})"},
        {"c60000000109", R"({"type":"Buffer","data":[9]})"},
    };
    for (const auto& [hex, json] : cases) EXPECT_EQ(decoded(hex), json) << hex;
}

TEST(MsgpackDecoder, turns_large_integers_into_doubles_as_node_does) {
    EXPECT_EQ(decode_msgpack(from_hex("cf0020000000000001"))->data, WireValue{9007199254740992.0}.data);
    EXPECT_EQ(decode_msgpack(from_hex("cfffffffffffffffff"))->data, WireValue{18446744073709551616.0}.data);
    EXPECT_EQ(decode_msgpack(from_hex("d38000000000000000"))->data, WireValue{-9223372036854775808.0}.data);
}

TEST(MsgpackDecoder, takes_numbers_as_keys) {
    EXPECT_EQ(decoded("8303c3ff01cb3ff800000000000002"), R"({"3":true,"-1":1,"1.5":2})");
    EXPECT_EQ(decoded("81c001"), "refused");
    EXPECT_EQ(decoded("819001"), "refused");
    EXPECT_EQ(decoded("81c4016101"), "refused");
}

TEST(MsgpackDecoder, keeps_the_last_of_duplicate_keys) {
    EXPECT_EQ(decoded("83a16101a16202a16103"), R"({"b":2,"a":3})");
}

TEST(MsgpackDecoder, reads_timestamps_as_text) {
    EXPECT_EQ(decoded("d6ff00000000"), "\"1970-01-01T00:00:00.000Z\"");
    EXPECT_EQ(decoded("d6ffffffffff"), "\"2106-02-07T06:28:15.000Z\"");
    // 123456789 nanoseconds; the seconds have 34 bits.
    EXPECT_EQ(decoded("d7ff1d6f345465000000"), "\"2023-09-12T06:06:56.123Z\"");
    // A half second before 1970.
    EXPECT_EQ(decoded("c70cff1dcd6500ffffffffffffffff"), "\"1969-12-31T23:59:59.500Z\"");
    EXPECT_EQ(decoded("c70cff000000007fffffffffffffff"), "null");
    EXPECT_EQ(decoded("c70cffffffffff0000000000000000"), "null");
    EXPECT_EQ(decoded("d5ff0000"), "refused");
    EXPECT_EQ(decoded("c703ff000000"), "refused");
}

TEST(MsgpackDecoder, reads_other_extensions_as_node_does) {
    EXPECT_EQ(decoded("d40000"), "null");
    EXPECT_EQ(decoded("d40509"), R"([5,{"type":"Buffer","data":[9]}])");
    EXPECT_EQ(decoded("c7000a"), R"([10,{"type":"Buffer","data":[]}])");
    EXPECT_EQ(decoded("c8000180ab"), R"([-128,{"type":"Buffer","data":[171]}])");
    EXPECT_EQ(decoded("c90000000101ab"), R"([1,{"type":"Buffer","data":[171]}])");
}

TEST(MsgpackDecoder, replaces_text_that_is_not_utf8) {
    EXPECT_EQ(decoded("a4e282ac41"), "\"\xE2\x82\xAC\x41\"");
    EXPECT_EQ(decoded("a2ff41"), "\"\xEF\xBF\xBD\x41\"");
    EXPECT_EQ(decoded("a3eda080"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(decoded("a2e282"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(MsgpackDecoder, refuses_every_beginning_of_a_message_and_anything_after_it) {
    const auto whole = from_hex(
        "93a64f482d355a4883a47479706502a46461746194a568656c6c6f01a13281a13391c3a36e7370a12f83a5726f6f6d7390a66578636570"
        "74"
        "90a5666c61677380");
    ASSERT_TRUE(decode_msgpack(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_msgpack(std::string_view(whole).substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_msgpack(whole + '\0'));
    EXPECT_EQ(decoded("c1"), "refused");
    EXPECT_EQ(decoded("c0c0"), "refused");
}

TEST(MsgpackDecoder, refuses_lengths_that_are_not_there_without_making_room_for_them) {
    for (const std::string_view hex : {"ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff01",
                                       "ddffffffffddffffffffddffffffff", "dfffffffffa161dfffffffffa161"}) {
        EXPECT_EQ(decoded(hex), "refused") << hex;
    }
}

TEST(MsgpackDecoder, bounds_depth_and_number) {
    const auto nested = [](std::size_t depth) { return std::string(depth - 1, '\x91') + '\x90'; };
    EXPECT_TRUE(decode_msgpack(nested(wire_depth_max)));
    EXPECT_FALSE(decode_msgpack(nested(wire_depth_max + 1)));
    EXPECT_FALSE(decode_msgpack(std::string(5'000'000, '\x91')));
    // In JSON an object stands for bytes, and an array with them for an extension.
    const std::string no_bytes("\xc4\0", 2);
    EXPECT_TRUE(decode_msgpack(std::string(wire_depth_max - 1, '\x91') + no_bytes));
    EXPECT_FALSE(decode_msgpack(std::string(wire_depth_max, '\x91') + no_bytes));
    const std::string extension("\xc7\0\x05", 3);
    EXPECT_TRUE(decode_msgpack(std::string(wire_depth_max - 2, '\x91') + extension));
    EXPECT_FALSE(decode_msgpack(std::string(wire_depth_max - 1, '\x91') + extension));
    std::string maps;
    for (std::size_t i = 0; i < wire_depth_max; ++i) maps += "\x81\xa1k";
    EXPECT_TRUE(decode_msgpack(maps + '\xc0'));
    EXPECT_FALSE(decode_msgpack("\x81\xa1k" + maps + '\xc0'));

    const auto many = [](std::uint32_t count) {
        std::string bytes = "\xdd";
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(count >> shift & 0xFFU);
        return bytes + std::string(count, '\x00');
    };
    EXPECT_TRUE(decode_msgpack(many(wire_values_max - 1)));
    EXPECT_FALSE(decode_msgpack(many(wire_values_max)));
    EXPECT_FALSE(decode_msgpack("\xc6\x01\x00\x00\x00" + std::string(wire_bytes_max, 'x')));
}

TEST(MsgpackEncoder, writes_the_shortest_form) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"[null,true,false]", "93c0c3c2"},
        {"[0,127,128,255,256,65535,65536,4294967295,4294967296]",
         "99007fcc80ccffcd0100cdffffce00010000ceffffffffcf0000000100000000"},
        {"[-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649]",
         "99ffe0d0dfd080d1ff7fd18000d2ffff7fffd280000000d3ffffffff7fffffff"},
        {"[1.5,18446744073709551615]", "92cb3ff8000000000000cfffffffffffffffff"},
        {R"({"a":"é","b":{}})", "82a161a2c3a9a16280"},
    };
    for (const auto& [json, hex] : cases) EXPECT_EQ(encoded(json), hex) << json;
    EXPECT_EQ(to_hex_text(encode_msgpack(WireValue{WireBytes{std::string("\x09\x08", 2)}}).value()), "c4020908");
}

TEST(MsgpackEncoder, writes_lengths_of_every_size_so_that_they_read_back) {
    for (const std::size_t length : {0U, 15U, 16U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
        WireObject object;
        for (std::size_t i = 0; i < length; ++i) object.push_back({std::to_string(i), WireValue{}});
        const WireValue value{WireArray{WireValue{std::string(length, 'x')},
                                        WireValue{WireBytes{std::string(length, 'y')}}, WireValue{WireArray(length)},
                                        WireValue{std::move(object)}}};
        const auto bytes = encode_msgpack(value);
        ASSERT_TRUE(bytes);
        EXPECT_EQ(decode_msgpack(*bytes), value) << length;
    }
}

TEST(MsgpackEncoder, refuses_what_is_too_large) {
    const WireValue half{WireBytes{std::string(wire_bytes_max / 2, 'x')}};
    EXPECT_TRUE(encode_msgpack(half));
    EXPECT_FALSE(encode_msgpack(WireValue{WireArray{half, half}}));
    EXPECT_FALSE(encode_msgpack(WireValue{std::string(wire_bytes_max + 1, 'x')}));
}

TEST(IsoDate, writes_what_json_stringify_writes) {
    EXPECT_EQ(format_iso_date(951'782'400, 0), "2000-02-29T00:00:00.000Z");
    EXPECT_EQ(format_iso_date(253'402'300'799, 999'999'999), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(format_iso_date(253'402'300'800, 0), "+010000-01-01T00:00:00.000Z");
    EXPECT_EQ(format_iso_date(-62'167'219'200, 0), "0000-01-01T00:00:00.000Z");
    EXPECT_EQ(format_iso_date(-62'167'219'201, 0), "-000001-12-31T23:59:59.000Z");
    EXPECT_EQ(format_iso_date(8'640'000'000'000, 0), "+275760-09-13T00:00:00.000Z");
    EXPECT_EQ(format_iso_date(-8'640'000'000'000, 0), "-271821-04-20T00:00:00.000Z");
    EXPECT_EQ(format_iso_date(8'640'000'000'000, 1'000'000), std::nullopt);
    EXPECT_EQ(format_iso_date(std::numeric_limits<std::int64_t>::min(), 0), std::nullopt);
    EXPECT_EQ(format_iso_date(0, 1'000'000'000), std::nullopt);
}

}  // namespace
}  // namespace onhand::socketio
