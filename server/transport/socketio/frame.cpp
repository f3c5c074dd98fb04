#include "transport/socketio/frame.hpp"

#include "transport/socketio/text_codec.hpp"
#include "transport/socketio/ws_frame.hpp"

namespace onhand::socketio {
namespace {

// A queue that grew beyond this gives its memory back when it falls empty.
constexpr std::size_t kept_capacity_max = 16;

}  // namespace

Frame Frame::text(std::initializer_list<std::string_view> pieces) {
    std::size_t length = 0;
    for (const auto piece : pieces) length += piece.size();
    auto data = std::make_shared<Data>();
    data->bytes.reserve(length + ws_header_bytes_max);
    append_ws_header(data->bytes, WsOpcode::text, length);
    data->payload_offset = data->bytes.size();
    for (const auto piece : pieces) data->bytes += piece;
    return Frame(std::move(data));
}

Frame Frame::binary(std::string_view bytes) {
    auto data = std::make_shared<Data>();
    append_ws_header(data->bytes, WsOpcode::binary, bytes.size());
    data->payload_offset = data->bytes.size();
    data->bytes += bytes;
    data->polling = "b" + base64_encode(bytes);
    return Frame(std::move(data));
}

Frame Frame::raw(std::string bytes) {
    auto data = std::make_shared<Data>();
    data->bytes = std::move(bytes);
    data->payload_offset = data->bytes.size();
    return Frame(std::move(data));
}

std::string_view Frame::websocket_bytes() const {
    return data_ ? std::string_view(data_->bytes) : std::string_view();
}

std::string_view Frame::polling_text() const {
    if (!data_) return {};
    if (!data_->polling.empty()) return data_->polling;
    return std::string_view(data_->bytes).substr(data_->payload_offset);
}

std::string_view Frame::binary_payload() const {
    return data_ ? std::string_view(data_->bytes).substr(data_->payload_offset) : std::string_view();
}

void FrameQueue::push(Frame frame) {
    bytes_ += frame.size();
    frames_.push_back(std::move(frame));
}

void FrameQueue::pop() {
    bytes_ -= frames_[head_].size();
    frames_[head_] = Frame();
    ++head_;
    if (head_ == frames_.size()) {
        clear();
    } else if (head_ > kept_capacity_max && head_ * 2 > frames_.size()) {
        frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

void FrameQueue::clear() {
    frames_.clear();
    if (frames_.capacity() > kept_capacity_max) frames_.shrink_to_fit();
    head_ = 0;
    bytes_ = 0;
}

}  // namespace onhand::socketio
