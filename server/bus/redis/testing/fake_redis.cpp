#include "bus/redis/testing/fake_redis.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <stdexcept>

namespace onhand::bus::redis {
namespace {

constexpr int poll_ms = 10;

// The commands that stand whole at the front of `bytes`, by name, taken off it. The arguments do not matter here.
std::vector<std::string> take_commands(std::string& bytes) {
    std::vector<std::string> names;
    while (true) {
        std::size_t at = 0;
        const auto number = [&](char mark) -> long {
            const auto end = bytes.find("\r\n", at);
            if (end == std::string::npos || bytes[at] != mark) return -1;
            const long value = std::stol(bytes.substr(at + 1, end - at - 1));
            at = end + 2;
            return value;
        };
        const long count = bytes.empty() ? -1 : number('*');
        std::string name;
        bool is_whole = count > 0;
        for (long i = 0; is_whole && i < count; ++i) {
            const long length = at < bytes.size() ? number('$') : -1;
            is_whole = length >= 0 && at + static_cast<std::size_t>(length) + 2 <= bytes.size();
            if (!is_whole) break;
            if (i == 0) name = bytes.substr(at, static_cast<std::size_t>(length));
            at += static_cast<std::size_t>(length) + 2;
        }
        if (!is_whole) return names;
        std::ranges::transform(name, name.begin(), [](unsigned char letter) { return std::toupper(letter); });
        names.push_back(name);
        bytes.erase(0, at);
    }
}

bool has_come(int socket) {
    pollfd interest{socket, POLLIN, 0};
    return ::poll(&interest, 1, poll_ms) > 0;
}

}  // namespace

FakeRedis::FakeRedis(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    const bool listens = ::bind(listener_, plain, size) == 0 && ::listen(listener_, 64) == 0 &&
                         ::getsockname(listener_, plain, &size) == 0;
    if (!listens) throw std::runtime_error("no port to listen on");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

FakeRedis::~FakeRedis() {
    stopping_ = true;
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
}

int FakeRedis::count(std::string_view command) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count(commands_.begin(), commands_.end(), command));
}

void FakeRedis::accept_all() {
    while (!stopping_) {
        if (!has_come(listener_)) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        ++connections_;
        threads_.emplace_back([this, socket] {
            serve(socket);
            ::close(socket);
        });
    }
}

void FakeRedis::serve(int socket) {
    std::string bytes;
    std::array<char, 4096> chunk{};
    while (!stopping_) {
        if (!has_come(socket)) continue;
        const auto length = ::recv(socket, chunk.data(), chunk.size(), 0);
        if (length <= 0) return;
        bytes.append(chunk.data(), static_cast<std::size_t>(length));
        for (const auto& command : take_commands(bytes)) {
            if (!answer_to(socket, command)) return;
        }
    }
}

// False when the connection shall end.
bool FakeRedis::answer_to(int socket, std::string_view command) {
    {
        const std::lock_guard lock(mutex_);
        commands_.emplace_back(command);
    }
    auto answer = answer_(command);
    if (answer.ends_with(dropping_mark)) {
        send_drops(socket, std::string_view(answer).substr(0, answer.size() - dropping_mark.size()));
        return true;
    }
    const bool closes = answer.ends_with(closing_mark);
    if (closes) answer.resize(answer.size() - closing_mark.size());
    // A long answer may be sent in parts.
    for (std::string_view rest = answer; !rest.empty();) {
        const auto sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return !closes;
}

void FakeRedis::send_drops(int socket, std::string_view answer) {
    for (std::size_t i = 0; i < answer.size() && !stopping_; ++i) {
        if (::send(socket, answer.data() + i, 1, MSG_NOSIGNAL) < 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace onhand::bus::redis
