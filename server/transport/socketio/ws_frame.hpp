// RFC 6455 framing for the server side: an incremental decoder for masked client frames and an encoder for server
// frames. Called by WsConnection with bytes from a socket; knows nothing of sockets, time or Engine.IO. Extensions
// (permessage-deflate) are not supported: a set reserved bit is a protocol error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {

enum class WsOpcode : unsigned char { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Close codes this server sends.
enum class WsCloseCode : std::uint16_t {
    none = 0,  // an empty close frame
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    invalid_text = 1007,
    too_big = 1009,
    try_again_later = 1013,
};

constexpr std::size_t ws_header_bytes_max = 10;
constexpr std::size_t ws_control_payload_max = 125;

// Appends the header of an unfragmented, unmasked frame with `length` bytes of payload.
void append_ws_header(std::string& out, WsOpcode opcode, std::uint64_t length);

// A whole control frame; `payload` is cut at 125 bytes.
std::string encode_ws_control(WsOpcode opcode, std::string_view payload);

// A whole close frame without a reason text.
std::string encode_ws_close(WsCloseCode code);

// A complete message or control frame. `payload` is good until the next call of the decoder.
struct WsMessage {
    WsOpcode opcode = WsOpcode::text;  // text, binary, close, ping or pong
    std::string_view payload;          // for close: without the code
    std::uint16_t close_code = 0;      // for close: 0 when the peer gave none
};

class WsDecoder {
  public:
    enum class Status : unsigned char { need_more, message, error };

    // `message_bytes_max` bounds a message over all its fragments.
    explicit WsDecoder(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    // Takes bytes off the front of `input`, unmasking them where they stand. Returns `message` as soon as one is
    // complete (call again for more), `need_more` when `input` is used up, or `error`, after which the decoder must
    // not be called again and error_code() tells the close code to send.
    Status next(std::span<char>& input, WsMessage& message);

    WsCloseCode error_code() const { return error_; }

  private:
    enum class Step : unsigned char { proceed, wait, fail };

    Step read_header(std::span<char>& input);
    bool check_first_bytes();
    bool finish_header(std::size_t header_bytes);
    Status read_control(std::span<char>& input, WsMessage& message);
    Status read_data(std::span<char>& input, WsMessage& message);
    Status finish_control(std::string_view payload, WsMessage& message);
    Status fail(WsCloseCode code);
    void unmask(std::span<char> bytes);
    void release_delivered();
    bool frame_final() const { return (header_[0] & 0x80U) != 0; }
    WsOpcode frame_opcode() const { return static_cast<WsOpcode>(header_[0] & 0x0FU); }

    std::size_t message_bytes_max_;
    std::uint64_t payload_left_ = 0;  // bytes of the current frame still to come
    std::string message_;             // fragments and partly received frames of the current message
    std::string control_;             // a partly received control frame
    std::array<unsigned char, 14> header_{};
    std::array<unsigned char, 4> mask_{};
    unsigned char header_filled_ = 0;
    unsigned char mask_offset_ = 0;
    WsOpcode message_opcode_ = WsOpcode::continuation;  // continuation: no message is open
    Utf8Validator utf8_;
    WsCloseCode error_ = WsCloseCode::none;
    bool in_payload_ = false;
    bool delivered_ = false;  // message_ or control_ was handed out and may be released
};

}  // namespace onhand::socketio
