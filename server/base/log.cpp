#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/text.hpp"

namespace onhand::log {

namespace {

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = spdlog::stderr_logger_mt("onhand");
        made->set_pattern(R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
        case Level::off:
            return spdlog::level::off;
    }
    return spdlog::level::info;
}

}  // namespace

bool set_level(std::string_view name) {
    Level level{};
    if (name == "debug")
        level = Level::debug;
    else if (name == "info")
        level = Level::info;
    else if (name == "warn")
        level = Level::warn;
    else if (name == "error")
        level = Level::error;
    else if (name == "off")
        level = Level::off;
    else
        return false;
    logger().set_level(to_spdlog(level));
    return true;
}

void write(Level level, std::string_view area, std::string_view message) {
    auto& out = logger();
    if (!out.should_log(to_spdlog(level))) return;
    std::string line = "\"area\":";
    append_json_string(line, area);
    line += ",\"message\":";
    append_json_string(line, message);
    out.log(to_spdlog(level), "{}", line);
}

}  // namespace onhand::log
