// WebSocket frames from a client: the bytes, cut anywhere, give the same messages and the same error, none of them is
// larger than allowed, and a message, framed and masked again, is the same. The first byte of the input says how the
// rest is cut.
#include <algorithm>
#include <string>
#include <vector>

#include "transport/socketio/fuzz/fuzz_target.hpp"
#include "transport/socketio/ws_frame.hpp"

namespace onhand::socketio {
namespace {

constexpr std::size_t message_bytes_max = 300;

struct Outcome {
    struct Message {
        WsOpcode opcode;
        std::string payload;
        std::uint16_t close_code;
        bool operator==(const Message&) const = default;
    };
    std::vector<Message> messages;
    WsCloseCode error = WsCloseCode::none;
    bool operator==(const Outcome&) const = default;
};

// `seed` decides on the sizes of the pieces, 1 to 16 bytes; 0 means one piece.
Outcome decode_in_pieces(std::string bytes, unsigned seed) {
    WsDecoder decoder(message_bytes_max);
    Outcome outcome;
    std::span<char> rest(bytes);
    while (!rest.empty()) {
        const std::size_t wanted =
            seed == 0 ? rest.size() : 1 + (seed = seed * 1'103'515'245U + 12'345U) / 65'536U % 16;
        auto piece = rest.first(std::min(wanted, rest.size()));
        rest = rest.subspan(piece.size());
        WsMessage message;
        auto status = decoder.next(piece, message);
        for (; status == WsDecoder::Status::message; status = decoder.next(piece, message)) {
            outcome.messages.push_back({message.opcode, std::string(message.payload), message.close_code});
        }
        if (status == WsDecoder::Status::error) {
            outcome.error = decoder.error_code();
            return outcome;
        }
        ensure(piece.empty(), "a decoder that wants more has used up what there was");
    }
    return outcome;
}

void check_messages(const Outcome& outcome, std::size_t input_bytes) {
    std::size_t total = 0;
    for (const auto& message : outcome.messages) {
        total += message.payload.size();
        ensure(message.opcode != WsOpcode::continuation, "messages have a type");
        const bool is_data = message.opcode == WsOpcode::text || message.opcode == WsOpcode::binary;
        ensure(message.payload.size() <= (is_data ? message_bytes_max : ws_control_payload_max), "sizes are bounded");
        ensure(message.opcode != WsOpcode::text || is_valid_utf8(message.payload), "text is UTF-8");
    }
    ensure(total <= input_bytes, "messages are not larger than what came");
}

// A client's frame with a mask of its own for each.
std::string framed(const Outcome::Message& message) {
    std::string payload;
    if (message.opcode == WsOpcode::close && message.close_code != 0) {
        payload += static_cast<char>(message.close_code >> 8);
        payload += static_cast<char>(message.close_code & 0xFF);
    }
    payload += message.payload;
    std::string frame;
    append_ws_header(frame, message.opcode, payload.size());
    frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
    const char mask[4] = {'\x5a', static_cast<char>(payload.size()), '\x00', '\xff'};
    frame.append(mask, sizeof(mask));
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
    return frame;
}

void check_frames(std::string_view input) {
    if (input.empty()) return;
    const auto seed = static_cast<unsigned char>(input.front());
    const std::string bytes(input.substr(1));
    const auto whole = decode_in_pieces(bytes, 0);
    ensure(decode_in_pieces(bytes, seed + 1U) == whole, "where the bytes were cut does not matter");
    check_messages(whole, bytes.size());
    std::string again;
    for (const auto& message : whole.messages) again += framed(message);
    const auto outcome = decode_in_pieces(again, seed);
    ensure(outcome.messages == whole.messages && outcome.error == WsCloseCode::none, "messages read back the same");
}

}  // namespace
}  // namespace onhand::socketio

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    onhand::socketio::check_frames(onhand::socketio::as_text(data, size));
    return 0;
}
