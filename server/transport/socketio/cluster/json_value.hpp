// JSON text to and from WireValue: of whole messages, and of an event's arguments, where bytes stand outside of the
// text as attachments. Called by redis_messages; keeps no state, any thread. Strict about JSON, except that half a
// surrogate pair, which JavaScript can write, is read as U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/socketio/cluster/wire_value.hpp"
#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

// Nothing when `text` is not JSON as a whole, or is larger or deeper than wire_value.hpp allows.
std::optional<WireValue> parse_json(std::string_view text);

// The same with the attachments in their places: a placeholder that names one becomes bytes. Without attachments what
// looks like a placeholder is an ordinary object. Nothing, too, when one attachment stands in so many places that the
// whole would be larger than wire_bytes_max.
std::optional<WireValue> parse_json(const JsonData& data);

// JSON with the bytes taken out of it, in the order in which they stand. Nothing when they are more than
// attachments_max.
std::optional<JsonData> to_json_data(const WireValue& value);

// The same for where no attachments can go: bytes are written as Node's JSON.stringify() writes a Buffer.
void append_json(std::string& out, const WireValue& value);

// A number as JavaScript turns it into text, nearly: shortest digits that read back as the same number. Needs a
// finite number.
void append_double(std::string& out, double number);

}  // namespace onhand::socketio
