#pragma once
// The log: one JSON object per line on standard error, written by spdlog (log.cpp alone includes it). Any thread.
// Callers format the message with fmt; nothing secret (tokens, passwords, keys) goes in. Control characters are
// escaped, so one event is one physical line whatever a client put into it.

#include <string_view>

namespace onhand::log {

enum class Level { debug, info, warn, error, off };

// Sets what is written from now on. Returns false when `name` is none of debug, info, warn, error, off.
bool set_level(std::string_view name);

// `area` is the room or part that speaks ("engine", "http").
void write(Level level, std::string_view area, std::string_view message);

inline void debug(std::string_view area, std::string_view message) {
    write(Level::debug, area, message);
}
inline void info(std::string_view area, std::string_view message) {
    write(Level::info, area, message);
}
inline void warn(std::string_view area, std::string_view message) {
    write(Level::warn, area, message);
}
inline void error(std::string_view area, std::string_view message) {
    write(Level::error, area, message);
}

}  // namespace onhand::log
