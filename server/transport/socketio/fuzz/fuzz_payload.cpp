// Engine.IO polling payloads: any body is read to its end or to an error, no packet is larger than the body, and the
// packets, written again, are the same.
#include <algorithm>
#include <string>
#include <vector>

#include "transport/socketio/engine_packet.hpp"
#include "transport/socketio/frame.hpp"
#include "transport/socketio/fuzz/fuzz_target.hpp"

namespace onhand::socketio {
namespace {

struct Packet {
    EnginePacketType type;
    bool binary;
    std::string data;
    bool operator==(const Packet&) const = default;
};

// The packets before the end or the error, and whether it was an error.
std::vector<Packet> read_payload(std::string_view body, bool& failed) {
    PayloadReader reader(body);
    std::vector<Packet> packets;
    EnginePacket packet;
    auto status = reader.next(packet);
    for (; status == PayloadReader::Status::packet; status = reader.next(packet)) {
        ensure(packet.data.size() <= body.size(), "no packet is larger than the body");
        ensure(!packet.binary || packet.type == EnginePacketType::message, "only messages are binary");
        packets.push_back({packet.type, packet.binary, std::string(packet.data)});
    }
    failed = status == PayloadReader::Status::error;
    ensure(reader.next(packet) == PayloadReader::Status::end, "nothing comes after the end");
    return packets;
}

std::string write_payload(const std::vector<Packet>& packets) {
    std::string body;
    for (const auto& packet : packets) {
        if (!body.empty()) body += payload_separator;
        const std::string digit(1, static_cast<char>('0' + static_cast<int>(packet.type)));
        const auto frame = packet.binary ? Frame::binary(packet.data) : Frame::text({digit, packet.data});
        body += frame.polling_text();
    }
    return body;
}

void check_payload(std::string_view body) {
    bool failed = false;
    const auto packets = read_payload(body, failed);
    const auto separators = std::count(body.begin(), body.end(), payload_separator);
    ensure(packets.size() <= static_cast<std::size_t>(separators) + 1, "separators part packets");
    if (packets.empty()) return;
    const auto written = write_payload(packets);
    ensure(written.size() <= body.size(), "no body is shorter than the one that is written");
    ensure(read_payload(written, failed) == packets && !failed, "what was written is read again");
}

}  // namespace
}  // namespace onhand::socketio

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    onhand::socketio::check_payload(onhand::socketio::as_text(data, size));
    return 0;
}
