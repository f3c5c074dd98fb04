#include "transport/socketio/example/settings.hpp"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

namespace example {
namespace {

using onhand::socketio::Cors;
using onhand::socketio::Options;
using onhand::socketio::StickyCookie;
using Setters = std::map<std::string_view, std::function<void(Settings&, std::string_view)>>;

long to_number(std::string_view text) {
    long value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value < 0) {
        throw std::invalid_argument("not a number: " + std::string(text));
    }
    return value;
}

auto milliseconds(std::chrono::milliseconds Options::* member) {
    return [member](Settings& settings, std::string_view text) {
        settings.options.*member = std::chrono::milliseconds(to_number(text));
    };
}

auto count(std::size_t Options::* member) {
    return [member](Settings& settings, std::string_view text) {
        settings.options.*member = static_cast<std::size_t>(to_number(text));
    };
}

Cors& cors_of(Settings& settings) {
    if (!settings.options.cors) settings.options.cors.emplace();
    return *settings.options.cors;
}

const Setters& setters() {
    static const Setters all = {
        {"--port", [](Settings& s, std::string_view text) { s.port = static_cast<unsigned short>(to_number(text)); }},
        {"--io-threads",
         [](Settings& s, std::string_view text) { s.io_threads = static_cast<unsigned>(to_number(text)); }},
        {"--ping-interval", milliseconds(&Options::ping_interval)},
        {"--ping-timeout", milliseconds(&Options::ping_timeout)},
        {"--upgrade-timeout", milliseconds(&Options::upgrade_timeout)},
        {"--connect-timeout", milliseconds(&Options::connect_timeout)},
        {"--max-payload", count(&Options::max_payload)},
        {"--max-attachments", count(&Options::max_attachments)},
        {"--sessions-max", count(&Options::sessions_max)},
        {"--outbox-soft", count(&Options::outbox_soft_bytes)},
        {"--outbox-hard", count(&Options::outbox_hard_bytes)},
        {"--outbox-grace", milliseconds(&Options::outbox_grace)},
        {"--recovery", milliseconds(&Options::recovery_window)},
        {"--recovery-bytes", count(&Options::recovery_bytes_max)},
        {"--batch-sends", [](Settings& s, std::string_view text) { s.options.batch_sends = to_number(text) != 0; }},
        {"--origin", [](Settings& s, std::string_view text) { s.origin = text; }},
        {"--cors-origin", [](Settings& s, std::string_view text) { cors_of(s).origins.emplace_back(text); }},
        {"--cors-credentials",
         [](Settings& s, std::string_view text) { cors_of(s).credentials = to_number(text) != 0; }},
        {"--cookie", [](Settings& s, std::string_view text) { s.options.cookie.emplace(StickyCookie{}).name = text; }},
        {"--redis", [](Settings& s, std::string_view text) { s.redis = text; }},
    };
    return all;
}

}  // namespace

Settings read_settings(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; i += 2) {
        const auto found = setters().find(argv[i]);
        if (found == setters().end() || i + 1 >= argc) throw std::invalid_argument(usage());
        found->second(settings, argv[i + 1]);
    }
    return settings;
}

std::string usage() {
    std::string text = "usage: socketio_echo_server [NAME VALUE]…, NAME being one of";
    for (const auto& [name, set] : setters()) text += " " + std::string(name);
    return text;
}

}  // namespace example
