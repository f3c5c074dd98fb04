#include "transport/socketio/ws_frame.hpp"

#include <algorithm>
#include <cstring>

namespace onhand::socketio {
namespace {

// Buffers above this size are given back once their message was delivered.
constexpr std::size_t kept_buffer_bytes_max = 1024;

bool is_control(WsOpcode opcode) {
    return (static_cast<unsigned>(opcode) & 0x8U) != 0;
}

bool is_known(WsOpcode opcode) {
    switch (opcode) {
        case WsOpcode::continuation:
        case WsOpcode::text:
        case WsOpcode::binary:
        case WsOpcode::close:
        case WsOpcode::ping:
        case WsOpcode::pong:
            return true;
    }
    return false;
}

// Codes a peer may send (RFC 6455 section 7.4 and the IANA registry).
bool is_valid_close_code(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

void append_ws_header(std::string& out, WsOpcode opcode, std::uint64_t length) {
    out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
    int length_bytes = 0;
    if (length < 126) {
        out += static_cast<char>(length);
    } else if (length < 65536) {
        out += static_cast<char>(126);
        length_bytes = 2;
    } else {
        out += static_cast<char>(127);
        length_bytes = 8;
    }
    for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(length >> (8 * i) & 0xFF);
}

std::string encode_ws_control(WsOpcode opcode, std::string_view payload) {
    payload = payload.substr(0, ws_control_payload_max);
    std::string out;
    append_ws_header(out, opcode, payload.size());
    out += payload;
    return out;
}

std::string encode_ws_close(WsCloseCode code) {
    std::string payload;
    if (code != WsCloseCode::none) {
        payload += static_cast<char>(static_cast<unsigned>(code) >> 8);
        payload += static_cast<char>(static_cast<unsigned>(code) & 0xFF);
    }
    return encode_ws_control(WsOpcode::close, payload);
}

WsDecoder::Status WsDecoder::fail(WsCloseCode code) {
    error_ = code;
    return Status::error;
}

void WsDecoder::release_delivered() {
    if (!delivered_) return;
    delivered_ = false;
    control_.clear();
    // The message buffer belongs to a message still open when only a control frame was handed out.
    if (message_opcode_ != WsOpcode::continuation) return;
    message_.clear();
    if (message_.capacity() > kept_buffer_bytes_max) message_.shrink_to_fit();
}

void WsDecoder::unmask(std::span<char> bytes) {
    std::array<unsigned char, 8> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = mask_[(mask_offset_ + i) % 4];
    std::uint64_t wide_key = 0;
    std::memcpy(&wide_key, key.data(), sizeof wide_key);
    std::size_t i = 0;
    for (; i + sizeof wide_key <= bytes.size(); i += sizeof wide_key) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        word ^= wide_key;
        std::memcpy(bytes.data() + i, &word, sizeof word);
    }
    for (; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ key[i % key.size()]);
    }
    mask_offset_ = static_cast<unsigned char>((mask_offset_ + bytes.size()) % 4);
}

// Everything the first two bytes tell: reserved bits, opcode, masking, and whether the frame may stand here.
bool WsDecoder::check_first_bytes() {
    const auto opcode = frame_opcode();
    if ((header_[0] & 0x70U) != 0 || !is_known(opcode)) return false;
    if ((header_[1] & 0x80U) == 0) return false;
    if (is_control(opcode)) return frame_final() && (header_[1] & 0x7FU) <= ws_control_payload_max;
    const bool open = message_opcode_ != WsOpcode::continuation;
    return (opcode == WsOpcode::continuation) == open;
}

bool WsDecoder::finish_header(std::size_t header_bytes) {
    const unsigned short_length = header_[1] & 0x7FU;
    payload_left_ = short_length;
    if (short_length >= 126) {
        payload_left_ = 0;
        for (std::size_t i = 2; i < header_bytes - 4; ++i) payload_left_ = payload_left_ << 8 | header_[i];
    }
    if (payload_left_ >> 63 != 0) {
        error_ = WsCloseCode::protocol_error;
        return false;
    }
    std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(header_bytes) - 4, 4, mask_.begin());
    mask_offset_ = 0;
    header_filled_ = 0;
    in_payload_ = true;
    const auto opcode = frame_opcode();
    if (is_control(opcode)) return true;
    if (payload_left_ > message_bytes_max_ - message_.size()) {
        error_ = WsCloseCode::too_big;
        return false;
    }
    if (opcode != WsOpcode::continuation) {
        message_opcode_ = opcode;
        utf8_.reset();
    }
    return true;
}

WsDecoder::Step WsDecoder::read_header(std::span<char>& input) {
    while (true) {
        std::size_t needed = 2;
        if (header_filled_ >= 2) {
            const unsigned short_length = header_[1] & 0x7FU;
            needed = 6U + (short_length == 126 ? 2U : short_length == 127 ? 8U : 0U);
            if (header_filled_ == needed) return finish_header(needed) ? Step::proceed : Step::fail;
        }
        const auto count = std::min(needed - header_filled_, input.size());
        if (count == 0) return Step::wait;
        std::memcpy(header_.data() + header_filled_, input.data(), count);
        input = input.subspan(count);
        const bool first_bytes_before = header_filled_ >= 2;
        header_filled_ = static_cast<unsigned char>(header_filled_ + count);
        if (!first_bytes_before && header_filled_ >= 2 && !check_first_bytes()) {
            error_ = WsCloseCode::protocol_error;
            return Step::fail;
        }
    }
}

WsDecoder::Status WsDecoder::finish_control(std::string_view payload, WsMessage& message) {
    message.opcode = frame_opcode();
    message.close_code = 0;
    if (message.opcode == WsOpcode::close && !payload.empty()) {
        if (payload.size() == 1) return fail(WsCloseCode::protocol_error);
        message.close_code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                        static_cast<unsigned char>(payload[1]));
        payload.remove_prefix(2);
        if (!is_valid_close_code(message.close_code)) return fail(WsCloseCode::protocol_error);
        if (!is_valid_utf8(payload)) return fail(WsCloseCode::invalid_text);
    }
    message.payload = payload;
    in_payload_ = false;
    delivered_ = true;
    return Status::message;
}

WsDecoder::Status WsDecoder::read_control(std::span<char>& input, WsMessage& message) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    const auto bytes = input.first(count);
    input = input.subspan(count);
    unmask(bytes);
    payload_left_ -= count;
    if (payload_left_ == 0 && control_.empty()) return finish_control({bytes.data(), count}, message);
    control_.append(bytes.data(), count);
    if (payload_left_ > 0) return Status::need_more;
    return finish_control(control_, message);
}

WsDecoder::Status WsDecoder::read_data(std::span<char>& input, WsMessage& message) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    const auto bytes = input.first(count);
    input = input.subspan(count);
    unmask(bytes);
    payload_left_ -= count;
    const std::string_view view(bytes.data(), count);
    if (message_opcode_ == WsOpcode::text && !utf8_.feed(view)) return fail(WsCloseCode::invalid_text);
    const bool last = payload_left_ == 0 && frame_final();
    // A message that lies whole in the caller's buffer is handed out from there, without a copy.
    if (!last || !message_.empty()) message_.append(view);
    if (payload_left_ > 0) return Status::need_more;
    in_payload_ = false;
    if (!last) return Status::need_more;
    if (message_opcode_ == WsOpcode::text && !utf8_.complete()) return fail(WsCloseCode::invalid_text);
    message.opcode = message_opcode_;
    message.close_code = 0;
    message.payload = message_.empty() ? view : std::string_view(message_);
    message_opcode_ = WsOpcode::continuation;
    delivered_ = true;
    return Status::message;
}

WsDecoder::Status WsDecoder::next(std::span<char>& input, WsMessage& message) {
    release_delivered();
    while (true) {
        if (!in_payload_) {
            const auto step = read_header(input);
            if (step == Step::wait) return Status::need_more;
            if (step == Step::fail) return Status::error;
        }
        const auto status = is_control(frame_opcode()) ? read_control(input, message) : read_data(input, message);
        // A finished fragment leaves the rest of the input to the next frame.
        if (status != Status::need_more || in_payload_) return status;
    }
}

}  // namespace onhand::socketio
