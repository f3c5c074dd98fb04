#include "load/response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/ensure.hpp"
#include "base/text.hpp"

namespace onhand::bench {
namespace {

constexpr std::size_t buffer_bytes_first = 8 * 1024;
constexpr std::size_t room_bytes_min = 4 * 1024;
constexpr std::string_view version_start = "HTTP/1.1 ";
constexpr std::size_t status_line_min = 12;  // "HTTP/1.1 200"

bool same_name(std::string_view given, std::string_view lower_case) {
    return given.size() == lower_case.size() && fold_case(given) == lower_case;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::size_t> parse_length(std::string_view text) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return length;
}

}  // namespace

std::span<char> ResponseReader::room() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.empty()) buffer_.resize(buffer_bytes_first);
    // A known length is made room for at once; without it the buffer doubles, which read_head() bounds.
    const auto wanted = head_.length == 0 ? end_ + room_bytes_min : head_.length + head_.body_length + room_bytes_min;
    if (buffer_.size() < wanted) buffer_.resize(std::max(wanted, buffer_.size() * 2));
    return std::span(buffer_).subspan(end_);
}

void ResponseReader::received(std::size_t count) {
    ensure(count <= buffer_.size() - end_, "what was received fits the room that was given");
    end_ += count;
}

ResponseReader::Progress ResponseReader::next(Response& response) {
    const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
    if (head_.length == 0) {
        const auto head_end = unread.find("\r\n\r\n");
        const auto head_length = head_end == std::string_view::npos ? unread.size() : head_end + 4;
        if (head_length > head_bytes_max) return Progress::broken;
        if (head_end == std::string_view::npos) return Progress::need_more;
        if (!read_head(unread.substr(0, head_length))) return Progress::broken;
    }
    if (unread.size() < head_.length + head_.body_length) return Progress::need_more;
    response.status = head_.status;
    response.keep_alive = head_.keep_alive;
    response.body = unread.substr(head_.length, head_.body_length);
    begin_ += head_.length + head_.body_length;
    head_ = Head();
    return Progress::complete;
}

// `text` is the head with its empty line. Fills head_; false when it is none that can be followed.
bool ResponseReader::read_head(std::string_view text) {
    head_ = Head();
    if (!text.starts_with(version_start) || text.size() < status_line_min) return false;
    const auto status = parse_length(text.substr(version_start.size(), 3));
    if (!status || *status < 200 || *status > 599) return false;
    constexpr auto unknown = static_cast<std::size_t>(-1);
    head_.status = static_cast<std::int32_t>(*status);
    head_.body_length = unknown;
    const auto length = text.size();
    text.remove_prefix(text.find("\r\n") + 2);
    while (text.size() > 2) {
        const auto line_end = text.find("\r\n");
        if (!read_field(text.substr(0, line_end))) return false;
        text.remove_prefix(line_end + 2);
    }
    if (head_.status == 204 || head_.status == 304) head_.body_length = 0;
    if (head_.body_length == unknown || head_.body_length > body_bytes_max) return false;
    head_.length = length;
    return true;
}

bool ResponseReader::read_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const auto name = line.substr(0, colon);
    // Most fields say nothing about the frame; their length alone tells that they are not looked at further.
    constexpr std::string_view content_length = "content-length";
    constexpr std::string_view transfer_encoding = "transfer-encoding";
    constexpr std::string_view connection = "connection";
    if (same_name(name, content_length)) {
        const auto length = parse_length(trimmed(line.substr(colon + 1)));
        if (!length) return false;
        head_.body_length = *length;
    } else if (same_name(name, transfer_encoding)) {
        return false;
    } else if (same_name(name, connection)) {
        head_.keep_alive = !same_name(trimmed(line.substr(colon + 1)), "close");
    }
    return true;
}

}  // namespace onhand::bench
