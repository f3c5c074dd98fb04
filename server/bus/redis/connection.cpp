#include "bus/redis/connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/ensure.hpp"

namespace onhand::bus::redis {
namespace {

constexpr std::size_t read_chunk_bytes = 64U * 1024;
constexpr int poll_ms_max = 60'000;

std::string error_text(int code) {
    return std::system_category().message(code);
}

// hiredis would ask for as much memory as the server says that an array needs.
void* create_bounded_array(const redisReadTask* task, int elements) {
    if (elements < 0 || static_cast<std::size_t>(elements) > reply_elements_max) return nullptr;
    static const auto create = [] {
        const std::unique_ptr<redisReader, void (*)(redisReader*)> plain(redisReaderCreate(), redisReaderFree);
        ensure(plain != nullptr, "memory for a reader of Redis's answers");
        return plain->fn->createArray;
    }();
    return create(task, elements);
}

redisReplyObjectFunctions* bounded_functions() {
    static redisReplyObjectFunctions functions = [] {
        const std::unique_ptr<redisReader, void (*)(redisReader*)> plain(redisReaderCreate(), redisReaderFree);
        ensure(plain != nullptr, "memory for a reader of Redis's answers");
        auto copy = *plain->fn;
        copy.createArray = create_bounded_array;
        return copy;
    }();
    return &functions;
}

// A socket's address of either family, or of length 0 when the text is no address.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

SocketAddress socket_address(const Address& address) {
    SocketAddress out;
    if (!address.unix_path.empty()) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        if (address.unix_path.size() >= sizeof(to.sun_path)) return out;
        std::memcpy(to.sun_path, address.unix_path.data(), address.unix_path.size());
        std::memcpy(&out.storage, &to, sizeof(to));
        out.length = sizeof(to);
        return out;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) return out;
    std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
    out.length = found->ai_addrlen;
    ::freeaddrinfo(found);
    return out;
}

}  // namespace

struct Connection::Reader {
    Reader() : raw(redisReaderCreate()) {
        ensure(raw != nullptr, "memory for a reader of Redis's answers");
        raw->fn = bounded_functions();
    }
    ~Reader() { redisReaderFree(raw); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    redisReader* const raw;
};

int poll_ms_until(SteadyTime deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, poll_ms_max));
}

Connection::Connection() = default;

Connection::~Connection() {
    close();
}

void Connection::close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    reader_.reset();
    out_.clear();
    written_ = 0;
}

// Returns false, so that callers can return what it returns.
bool Connection::fail(std::string why) {
    close();
    error_ = std::move(why);
    return false;
}

bool Connection::open(const Address& address, const Login& login, SteadyTime deadline) {
    close();
    return connect(address, deadline) && introduce(login, deadline);
}

bool Connection::connect(const Address& address, SteadyTime deadline) {
    const auto to = socket_address(address);
    if (to.length == 0) return fail("it has no address");
    socket_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return fail("no socket: " + error_text(errno));
    reader_ = std::make_unique<Reader>();
    if (to.storage.ss_family != AF_UNIX) {
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0) return true;
    if (errno != EINPROGRESS) return fail("no connection: " + error_text(errno));
    if (!wait_for(POLLOUT, deadline)) return false;
    int code = 0;
    socklen_t size = sizeof(code);
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &size);
    return code == 0 || fail("no connection: " + error_text(code));
}

// AUTH and SELECT go out together; only what was sent is answered. A PING when there is neither, because a server that
// is loading its data, or has too many clients, takes connections too.
bool Connection::introduce(const Login& login, SteadyTime deadline) {
    std::size_t sent = 1;
    if (!login.password.empty() && login.user.empty()) {
        append(std::array<std::string_view, 2>{"AUTH", login.password});
    } else if (!login.password.empty()) {
        append(std::array<std::string_view, 3>{"AUTH", login.user, login.password});
    } else {
        append(std::array<std::string_view, 1>{"PING"});
    }
    if (login.database != 0) {
        append(std::array<std::string_view, 2>{"SELECT", std::to_string(login.database)});
        ++sent;
    }
    if (!flush(deadline)) return false;
    for (; sent > 0; --sent) {
        const auto reply = read(deadline);
        if (!reply) return false;
        if (reply.view().is_error()) return fail(fmt::format("it refuses: {}", reply.view().text()));
    }
    return true;
}

bool Connection::wait_for(short events, SteadyTime deadline) {
    pollfd interest{socket_, events, 0};
    do {
        const int found = ::poll(&interest, 1, poll_ms_until(deadline));
        if (found > 0) return true;
        if (found < 0 && errno != EINTR) return fail("poll: " + error_text(errno));
    } while (std::chrono::steady_clock::now() < deadline);
    return fail("no answer in time");
}

void Connection::append(std::span<const std::string_view> arguments) {
    ensure(is_open(), "a command needs a connection");
    fmt::format_to(std::back_inserter(out_), "*{}\r\n", arguments.size());
    for (const auto argument : arguments) {
        fmt::format_to(std::back_inserter(out_), "${}\r\n", argument.size());
        out_ += argument;
        out_ += "\r\n";
    }
}

bool Connection::write_some() {
    while (written_ < out_.size()) {
        const auto sent = ::send(socket_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return true;
        if (sent < 0) return fail("not sent: " + error_text(errno));
        written_ += static_cast<std::size_t>(sent);
    }
    out_.clear();
    written_ = 0;
    return true;
}

bool Connection::flush(SteadyTime deadline) {
    if (!is_open()) return false;
    while (write_some()) {
        if (unwritten_bytes() == 0) return true;
        if (!wait_for(POLLOUT, deadline)) return false;
    }
    return false;
}

bool Connection::read_some() {
    std::array<char, read_chunk_bytes> chunk;
    const auto length = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (length < 0) return fail("not read: " + error_text(errno));
    if (length == 0) return fail("it closed the connection");
    bytes_read_ += static_cast<std::uint64_t>(length);
    if (redisReaderFeed(reader_->raw, chunk.data(), static_cast<std::size_t>(length)) != REDIS_OK) {
        return fail(fmt::format("no answer of Redis: {}", reader_->raw->errstr));
    }
    return true;
}

Reply Connection::take() {
    if (!is_open()) return {};
    void* found = nullptr;
    if (redisReaderGetReply(reader_->raw, &found) != REDIS_OK) {
        fail(fmt::format("no answer of Redis: {}", reader_->raw->errstr));
        return {};
    }
    if (found == nullptr && reader_->raw->len - reader_->raw->pos > reply_bytes_max) fail("too long an answer");
    return Reply(static_cast<redisReply*>(found));
}

Reply Connection::read(SteadyTime deadline) {
    while (is_open()) {
        auto reply = take();
        if (reply) return reply;
        if (!is_open() || !wait_for(POLLIN, deadline) || !read_some()) return {};
        if (std::chrono::steady_clock::now() < deadline) continue;
        // What came with the last read may be all that was missing.
        auto last = take();
        if (!last && is_open()) fail("no answer in time");
        return last;
    }
    return {};
}

Reply Connection::call(std::span<const std::string_view> arguments, SteadyTime deadline) {
    if (!is_open()) return {};
    append(arguments);
    return flush(deadline) ? read(deadline) : Reply{};
}

}  // namespace onhand::bus::redis
