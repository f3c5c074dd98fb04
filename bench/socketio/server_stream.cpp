#include "socketio/server_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace onhand::bench::socketio {
namespace {

constexpr std::size_t header_bytes_max = 10;
constexpr std::string_view head_end = "\r\n\r\n";

struct Header {
    std::size_t bytes = 0;      // of the header itself
    std::uint64_t payload = 0;  // that follow
    unsigned opcode = 0;
    bool acceptable = false;  // a whole, unmasked frame without extensions
};

unsigned byte_at(std::string_view bytes, std::size_t index) {
    return static_cast<unsigned char>(bytes[index]);
}

// Nothing when the header is not whole yet.
std::optional<Header> parse_header(std::string_view bytes) {
    if (bytes.size() < 2) return std::nullopt;
    Header header;
    const auto length = byte_at(bytes, 1) & 0x7FU;
    const std::size_t extra = length == 127 ? 8 : length == 126 ? 2 : 0;
    header.bytes = 2 + extra;
    if (bytes.size() < header.bytes) return std::nullopt;
    header.payload = extra == 0 ? length : 0;
    for (std::size_t i = 0; i < extra; ++i) header.payload = header.payload << 8U | byte_at(bytes, 2 + i);
    header.opcode = byte_at(bytes, 0) & 0x0FU;
    header.acceptable = (byte_at(bytes, 0) & 0xF0U) == 0x80U && (byte_at(bytes, 1) & 0x80U) == 0;
    return header;
}

// Moves as much of `input` to `target` as it lacks of `wanted` bytes. False when it still lacks some.
bool fill(std::string& target, std::string_view& input, std::size_t wanted) {
    const auto count = std::min(input.size(), wanted - std::min(wanted, target.size()));
    target.append(input.substr(0, count));
    input.remove_prefix(count);
    return target.size() >= wanted;
}

}  // namespace

ServerStream::Status ServerStream::fail(std::string problem) {
    partial_ = std::move(problem);
    return Status::broken;
}

ServerStream::Status ServerStream::next(std::string_view& input, std::string_view& payload) {
    if (delivered_) {
        partial_ = std::string();
        delivered_ = false;
    }
    return upgraded_ ? read_frame(input, payload) : read_head(input);
}

ServerStream::Status ServerStream::read_head(std::string_view& input) {
    const auto before = partial_.size();
    partial_.append(input.substr(0, answer_head_bytes_max + head_end.size() - std::min(before, answer_head_bytes_max)));
    const auto end = partial_.find(head_end, before < head_end.size() ? 0 : before - head_end.size());
    if (end == std::string::npos) {
        input = {};
        if (partial_.size() > answer_head_bytes_max) return fail("the head of the answer is too long");
        return Status::need_more;
    }
    input.remove_prefix(end + head_end.size() - before);
    if (!partial_.starts_with("HTTP/1.1 101 ")) return fail("refused: " + partial_.substr(0, partial_.find('\r')));
    upgraded_ = true;
    partial_ = std::string();
    return Status::upgraded;
}

ServerStream::Status ServerStream::read_frame(std::string_view& input, std::string_view& payload) {
    if (input.empty()) return Status::need_more;
    // A frame that lies in the input as a whole is looked at there; the rest of a cut one is put together first.
    const bool cut = !partial_.empty();
    if (cut) {
        while (!parse_header(partial_) && partial_.size() < header_bytes_max && !input.empty())
            fill(partial_, input, partial_.size() + 1);
    }
    const auto header = parse_header(cut ? std::string_view(partial_) : input);
    if (!header) {
        if (!cut) partial_ = std::exchange(input, {});
        return Status::need_more;
    }
    if (!header->acceptable) return fail("a fragment, a masked frame or one with an extension");
    if (header->payload > frame_payload_bytes_max) return fail(fmt::format("a frame of {} bytes", header->payload));
    const auto whole = header->bytes + static_cast<std::size_t>(header->payload);
    if (!cut && input.size() >= whole) {
        payload = input.substr(header->bytes, whole - header->bytes);
        input.remove_prefix(whole);
    } else {
        if (!fill(partial_, input, whole)) return Status::need_more;
        payload = std::string_view(partial_).substr(header->bytes);
        delivered_ = true;
    }
    switch (header->opcode) {
        case 1:
            return Status::text;
        case 8:
            return Status::close;
        case 9:
            return Status::ping;
        case 10:
            return Status::pong;
        default:
            return fail(fmt::format("a frame of the unexpected kind {}", header->opcode));
    }
}

}  // namespace onhand::bench::socketio
