#include "transport/http/answer_head.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"

namespace onhand::http {
namespace {

// Scripts, styles and connections from this origin only; nothing may frame the page or change where its links lead.
constexpr std::string_view page_policy =
    "Content-Security-Policy: default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'\r\n";

// Data is no document: nothing in it may do anything. Shorter, too, and most answers are data.
constexpr std::string_view data_policy = "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

constexpr std::string_view security_fields =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

constexpr std::string_view transport_security = "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

}  // namespace

std::string_view reason_of(std::int32_t status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Unknown";
    }
}

void append_answer_head(std::string& out, const AnswerHead& head, std::string_view date_line) {
    out += "HTTP/1.1 ";
    append_int(out, head.status);
    out += ' ';
    out += reason_of(head.status);
    out += "\r\n";
    out += date_line;
    if (!head.content_type.empty()) {
        out += "Content-Type: ";
        out += head.content_type;
        out += "\r\n";
    }
    // 204 and 304 have no body by definition; a length would be wrong or misleading.
    if (head.content_length && head.status != 204 && head.status != 304) {
        out += "Content-Length: ";
        append_int(out, static_cast<std::int64_t>(*head.content_length));
        out += "\r\n";
    }
    if (head.chunked) out += "Transfer-Encoding: chunked\r\n";
    if (head.close) out += "Connection: close\r\n";
    if (head.keep_alive) out += "Connection: keep-alive\r\n";
    out += "Cache-Control: ";
    out += head.cache_control;
    out += "\r\n";
    // Without a type (304) the page's policy: a browser puts it in place of the one it keeps with the page.
    const bool is_data =
        head.content_type.starts_with("application/json") || head.content_type.starts_with("application/problem");
    out += is_data ? data_policy : page_policy;
    out += security_fields;
    if (head.behind_tls) out += transport_security;
    out += head.fields;
    out += "\r\n";
}

std::string_view DateLine::at(UnixMillis now) {
    const auto second = now / 1000;
    if (second == second_) return line_;
    second_ = second;
    const auto time = static_cast<std::time_t>(second);
    std::tm parts{};
    gmtime_r(&time, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                                     days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                                     parts.tm_hour, parts.tm_min, parts.tm_sec);
    line_.assign(text.data(), static_cast<std::size_t>(length));
    return line_;
}

}  // namespace onhand::http
