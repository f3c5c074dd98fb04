#pragma once
// What a WebSocket server sends to one client, taken apart: the head of its answer, then frames. Bytes in, messages
// out; holds memory only while a head or frame is cut in two. Used by LoadClient on the one thread of the load client.
// It refuses what no server of the benchmark sends: fragments, masked frames, extensions, messages above a megabyte.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace onhand::bench::socketio {

inline constexpr std::size_t answer_head_bytes_max = 8192;
inline constexpr std::size_t frame_payload_bytes_max = 1'000'000;

class ServerStream {
  public:
    enum class Status : unsigned char {
        need_more,  // the input is used up
        upgraded,   // the head has come and says 101
        text,       // a text message
        ping,       // a WebSocket ping
        pong,
        close,   // a close frame; the payload begins with its code
        broken,  // see problem(); nothing may be asked any more
    };

    // Takes bytes off the front of `input`. `payload` is good until the next call and while the input's memory is.
    Status next(std::string_view& input, std::string_view& payload);

    // One line for the user; only after `broken`.
    const std::string& problem() const { return partial_; }

  private:
    Status read_head(std::string_view& input);
    Status read_frame(std::string_view& input, std::string_view& payload);
    Status fail(std::string problem);

    std::string partial_;  // the beginning of a head or frame whose rest has not come
    bool upgraded_ = false;
    bool delivered_ = false;  // partial_ was handed out and is to be emptied
};

}  // namespace onhand::bench::socketio
