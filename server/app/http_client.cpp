#include "app/http_client.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

#include "base/text.hpp"

namespace onhand::app {

namespace {

constexpr timeval patience{10, 0};
constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;

// The number behind `name:` in a head whose names are in any case.
std::optional<std::int64_t> header_number(std::string_view head, std::string_view name) {
    const auto folded = fold_case(head);
    const auto at = folded.find(fmt::format("\r\n{}:", name));
    if (at == std::string::npos) return std::nullopt;
    auto begin = at + name.size() + 3;
    while (begin < folded.size() && folded[begin] == ' ') ++begin;
    return parse_int(std::string_view(folded).substr(begin, folded.find('\r', begin) - begin));
}

}  // namespace

HttpClient::~HttpClient() {
    close();
}

void HttpClient::close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
}

bool HttpClient::connect() {
    if (socket_ >= 0) return true;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found) != 0) return false;
    for (const auto* address = found; address != nullptr && socket_ < 0; address = address->ai_next) {
        socket_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (socket_ < 0) continue;
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (::connect(socket_, address->ai_addr, address->ai_addrlen) != 0) close();
    }
    freeaddrinfo(found);
    return socket_ >= 0;
}

bool HttpClient::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::optional<HttpAnswer> HttpClient::read_answer() {
    std::string received;
    std::array<char, 16384> piece{};
    std::size_t head_end = std::string::npos;
    std::size_t whole = 0;
    while (head_end == std::string::npos || received.size() < whole) {
        const auto count = ::recv(socket_, piece.data(), piece.size(), 0);
        if (count <= 0 || received.size() > answer_bytes_max) return std::nullopt;
        received.append(piece.data(), static_cast<std::size_t>(count));
        if (head_end != std::string::npos) continue;
        head_end = received.find("\r\n\r\n");
        if (head_end == std::string::npos) continue;
        const auto head = std::string_view(received).substr(0, head_end + 2);
        whole = head_end + 4 + static_cast<std::size_t>(header_number(head, "content-length").value_or(0));
    }
    HttpAnswer answer;
    const auto status = received.size() > 12 ? parse_int(std::string_view(received).substr(9, 3)) : std::nullopt;
    if (!status) return std::nullopt;
    answer.status = static_cast<int>(*status);
    answer.body = received.substr(head_end + 4, whole - head_end - 4);
    return answer;
}

std::optional<HttpAnswer> HttpClient::send(std::string_view method, std::string_view target,
                                           std::string_view content_type, std::string_view body,
                                           std::string_view idempotency_key) {
    if (!connect()) return std::nullopt;
    auto request = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", method, target, host_, port_);
    for (const auto& [name, value] : headers_) request += fmt::format("{}: {}\r\n", name, value);
    if (!idempotency_key.empty()) request += fmt::format("Idempotency-Key: {}\r\n", idempotency_key);
    if (method != "GET") request += fmt::format("Content-Length: {}\r\n", body.size());
    if (!content_type.empty()) request += fmt::format("Content-Type: {}\r\n", content_type);
    request += "\r\n";
    request += body;
    auto answer = write_all(request) ? read_answer() : std::nullopt;
    if (!answer) close();
    return answer;
}

}  // namespace onhand::app
