// Socket.IO packets: any text is refused or read within its bounds, and a packet, written again, is the same. Binary
// packets get attachments by number.
#include <string>

#include "transport/socketio/fuzz/fuzz_target.hpp"
#include "transport/socketio/socket_packet.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {
namespace {

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_shape(const SocketPacket& packet, std::string_view text) {
    ensure(packet.nsp.size() <= namespace_bytes_max && packet.nsp.starts_with('/'), "a name begins with a slash");
    ensure(packet.nsp == main_namespace || lies_in(packet.nsp, text), "a name is part of the text");
    ensure(lies_in(packet.json, text), "JSON is part of the text");
    ensure(!packet.id || *packet.id <= 9'999'999'999'999'999U, "ids have 16 digits at most");
    const bool is_binary = packet.type == SocketPacketType::binary_event || packet.type == SocketPacketType::binary_ack;
    ensure(is_binary == (packet.attachments_due > 0), "binary packets announce attachments");
    ensure(packet.attachments_due <= attachments_max, "attachments are bounded");
    ensure(is_valid_utf8(packet.json), "JSON is UTF-8");
}

// The text of an encoded packet without the Engine.IO digit.
std::string_view text_of(const EncodedPacket& packet) {
    return packet.head.polling_text().substr(1);
}

void check_written(const SocketPacket& packet) {
    const bool is_event = packet.type == SocketPacketType::event;
    const auto open = packet.json.find('[');
    const auto array = packet.json.substr(open, packet.json.rfind(']') - open + 1);
    const auto args = array.substr(1, array.size() - 2);
    const auto written =
        is_event ? encode_event(packet.nsp, array, encode_attachments(packet.attachments), packet.id)
                 : encode_ack(packet.nsp, packet.id.value_or(0), args, encode_attachments(packet.attachments));
    const auto again = decode_socket_packet(text_of(written));
    ensure(again.has_value(), "what was written is read again");
    // Not the payloads: one that has NaN in it is not itself.
    ensure(again->nsp == packet.nsp && again->json == array, "and is the same");
    ensure(!is_event || again->id == packet.id, "with the same id");
    ensure(again->attachments_due == packet.attachments.size(), "and as many attachments");
}

void check_packet(std::string_view text) {
    auto packet = decode_socket_packet(text);
    if (!packet) return;
    check_shape(*packet, text);
    for (std::size_t i = 0; i < packet->attachments_due; ++i) packet->attachments.push_back(std::to_string(i));
    if (packet->attachments_due > 0 && !complete_binary_packet(*packet)) return;
    ensure(packet->attachments.size() <= packet->attachments_due, "attachments do not become more");
    const bool has_payload = packet->type == SocketPacketType::event || packet->type == SocketPacketType::ack;
    if (!has_payload || packet->json.empty()) return;
    if (packet->type == SocketPacketType::event) {
        ensure(!is_reserved_event(event_name(packet->payload.get_array())), "reserved names are refused");
        ensure(parse_event_json(packet->json).has_value(), "an event is an event for the cluster too");
    }
    check_written(*packet);
}

}  // namespace
}  // namespace onhand::socketio

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    onhand::socketio::check_packet(onhand::socketio::as_text(data, size));
    return 0;
}
