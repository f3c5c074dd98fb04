// One outgoing Engine.IO packet, encoded once and shared by any number of connections, and the queue of packets
// that wait for one connection. A text packet is a single buffer: the WebSocket frame header followed by the
// packet's text, so that the polling form is a suffix of the WebSocket form. A Frame is immutable and may be handed
// between threads; a FrameQueue belongs to one thread. Neither knows about sockets.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::socketio {

class Frame {
  public:
    // An empty handle; only good for being assigned to.
    Frame() = default;

    // A text packet made of `pieces` put together; the first character is the Engine.IO type digit.
    static Frame text(std::initializer_list<std::string_view> pieces);

    // A binary message packet: raw bytes on a WebSocket, "b" and base64 in polling.
    static Frame binary(std::string_view bytes);

    // Bytes for a WebSocket connection only (control frames, the answer to the handshake); no polling form.
    static Frame raw(std::string bytes);

    // The whole WebSocket frame.
    std::string_view websocket_bytes() const;

    // The packet as it stands in a polling payload; empty for raw().
    std::string_view polling_text() const;

    // The bytes given to binary().
    std::string_view binary_payload() const;

    // Bytes this packet counts for in an outbox.
    std::size_t size() const { return websocket_bytes().size(); }

  private:
    struct Data {
        std::string bytes;
        std::size_t payload_offset = 0;  // behind the WebSocket frame header
        std::string polling;             // only for binary packets
    };

    explicit Frame(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

    std::shared_ptr<const Data> data_;
};

// First in, first out, without memory of its own while empty and small.
class FrameQueue {
  public:
    void push(Frame frame);
    void pop();
    void clear();

    bool empty() const { return head_ == frames_.size(); }
    std::size_t count() const { return frames_.size() - head_; }
    std::size_t bytes() const { return bytes_; }

    // The packet at `index` from the front; needs index < count().
    const Frame& at(std::size_t index) const { return frames_[head_ + index]; }

  private:
    std::vector<Frame> frames_;
    std::size_t head_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace onhand::socketio
