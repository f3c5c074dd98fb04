#pragma once
// The head of an answer as ready bytes: status line, date, type, length, the security headers that every answer
// carries (errors too), and the fields of the handler. Used by the session and the server; pure but for DateLine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace onhand::http {

struct AnswerHead {
    std::int32_t status = 200;
    std::string_view content_type;  // empty = no Content-Type
    std::string_view fields;        // further lines, each ending in CR LF
    std::string_view cache_control = "no-store";
    std::optional<std::uint64_t> content_length = 0;  // nullopt = not known: chunked, or until the connection closes
    bool chunked = false;
    bool close = false;       // adds Connection: close
    bool keep_alive = false;  // adds Connection: keep-alive, which HTTP/1.0 clients need
    bool behind_tls = false;  // adds Strict-Transport-Security
};

// "Not Found" for 404. Codes that the server never sends read "Unknown".
std::string_view reason_of(std::int32_t status);

// `date_line` is a whole Date line. Appends up to and including the empty line.
void append_answer_head(std::string& out, const AnswerHead& head, std::string_view date_line);

// The Date line, made again once a second. One thread.
class DateLine {
  public:
    std::string_view at(UnixMillis now);

  private:
    std::int64_t second_ = -1;
    std::string line_;
};

}  // namespace onhand::http
