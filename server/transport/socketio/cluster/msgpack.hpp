// msgpack, as far as the adapters of Socket.IO write and read it, to and from WireValue. Called by redis_messages with
// whole messages; keeps no state, any thread. What comes from outside may be any bytes.
//
// Reading follows what Node's servers do with the same bytes: integers beyond 2^53 become doubles, keys of maps that
// are numbers become text, timestamps (ext -1) become the text that JSON.stringify(date) gives, `undefined` (ext 0)
// becomes null, any other ext an array of its type and its bytes, text that is not UTF-8 gets U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/socketio/cluster/wire_value.hpp"

namespace onhand::socketio {

// Nothing when `bytes` are not exactly one value, or are larger, deeper or more than wire_value.hpp allows.
std::optional<WireValue> decode_msgpack(std::string_view bytes);

// Every value in its shortest form, doubles as float 64. Nothing when that is more than wire_bytes_max.
std::optional<std::string> encode_msgpack(const WireValue& value);

}  // namespace onhand::socketio
