// A point in time as JavaScript's JSON.stringify(date) writes it. Called by the msgpack decoder; pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace onhand::socketio {

// "2026-11-22T17:13:48.123Z", years beyond 0 to 9999 as "+012345-…" and "-000001-…". Nothing for what is no date to
// JavaScript: more than 100 million days from 1970, or a second with too many nanoseconds.
std::optional<std::string> format_iso_date(std::int64_t unix_seconds, std::uint32_t nanoseconds);

}  // namespace onhand::socketio
