#include "socketio/load_client.hpp"

#include <fmt/format.h>

namespace onhand::bench::socketio {
namespace {

// Engine.IO and Socket.IO packet types at the beginning of a text.
constexpr std::string_view open_packet = "0{";
constexpr std::string_view ping_packet = "2";
constexpr std::string_view connect_packet = "40";
constexpr std::string_view connected_packet = "40{";
constexpr std::string_view event_packet = "42";
constexpr std::string_view acked_event = R"(42["acked",)";

constexpr std::size_t shown_bytes_max = 80;

// `text` is an event with an id, "42<id>[…": answers it with no arguments.
bool answer_question(std::string_view text, std::string& reply, Counts& counts) {
    const auto bracket = text.find('[');
    const auto id = text.substr(event_packet.size(), bracket - event_packet.size());
    if (bracket == std::string_view::npos || id.empty()) return false;
    if (id.find_first_not_of("0123456789") != std::string_view::npos) return false;
    reply += client_text_frame(fmt::format("43{}[]", id));
    counts.questions += 1;
    return true;
}

bool on_event(std::string_view text, std::string& reply, Counts& counts) {
    if (text.starts_with(event_beginning) && text.size() == event_bytes) {
        counts.deliveries += 1;
        return true;
    }
    if (text.starts_with(acked_event)) {
        counts.rounds_acked += 1;
        return true;
    }
    return text.starts_with(event_packet) && answer_question(text, reply, counts);
}

}  // namespace

std::string client_text_frame(std::string_view text) {
    constexpr std::string_view mask("\0\0\0\0", 4);
    std::string frame = "\x81";
    if (text.size() < 126) {
        frame += static_cast<char>(0x80U | text.size());
    } else {
        frame += "\xfe";
        frame += static_cast<char>(text.size() >> 8U);
        frame += static_cast<char>(text.size() & 0xFFU);
    }
    frame += mask;
    frame += text;
    return frame;
}

std::string upgrade_request(std::uint16_t port) {
    return fmt::format(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        port);
}

bool LoadClient::consume(std::string_view input, std::string& reply, Counts& counts, std::string& problem) {
    while (true) {
        std::string_view payload;
        switch (stream_.next(input, payload)) {
            case ServerStream::Status::need_more:
                return true;
            case ServerStream::Status::upgraded:
                phase_ = Phase::opening;
                break;
            case ServerStream::Status::text:
                if (on_text(payload, reply, counts)) break;
                problem = fmt::format("unexpected packet of {} bytes: {}", payload.size(),
                                      payload.substr(0, shown_bytes_max));
                return false;
            case ServerStream::Status::close:
                problem = "the server closed the WebSocket";
                return false;
            case ServerStream::Status::broken:
                problem = stream_.problem();
                return false;
            // Neither server of the benchmark sends WebSocket pings; theirs are Engine.IO packets.
            case ServerStream::Status::ping:
            case ServerStream::Status::pong:
                break;
        }
    }
}

bool LoadClient::on_text(std::string_view text, std::string& reply, Counts& counts) {
    if (text == ping_packet) {
        reply += client_text_frame("3");
        counts.pings += 1;
        return true;
    }
    switch (phase_) {
        case Phase::upgrading:
            return false;
        case Phase::opening:
            if (!text.starts_with(open_packet)) return false;
            reply += client_text_frame(connect_packet);
            phase_ = Phase::joining;
            return true;
        case Phase::joining:
            if (!text.starts_with(connected_packet)) return false;
            phase_ = Phase::ready;
            counts.ready += 1;
            return true;
        case Phase::ready:
            return on_event(text, reply, counts);
    }
    return false;
}

}  // namespace onhand::bench::socketio
