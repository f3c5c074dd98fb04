#include "transport/socketio/cluster/redis_link.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ensure.hpp"
#include "base/log.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;

constexpr int reply_depth_max = 8;

// hiredis bounds the depth of what it reads itself (to 7).
RedisReply to_reply(const redisReply& from, int depth = 0) {
    ensure(depth < reply_depth_max, "replies of Redis do not nest deeply");
    RedisReply reply;
    switch (from.type) {
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.kind = RedisReply::Kind::text;
            reply.text = std::string_view(from.str, from.len);
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = RedisReply::Kind::error;
            reply.text = std::string_view(from.str, from.len);
            break;
        case REDIS_REPLY_INTEGER:
            reply.kind = RedisReply::Kind::integer;
            reply.integer = from.integer;
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = RedisReply::Kind::array;
            for (std::size_t i = 0; i < from.elements; ++i) {
                reply.elements.push_back(to_reply(*from.element[i], depth + 1));
            }
            break;
        default:
            break;
    }
    return reply;
}

struct ReplyDeleter {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

}  // namespace

struct RedisLink::Context {
    explicit Context(redisContext* made) : raw(made) {}
    ~Context() { redisFree(raw); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    std::size_t unwritten() const { return sdslen(raw->obuf); }

    redisContext* const raw;  // never null
};

RedisLink::RedisLink(Use use, const RedisSettings& settings, RedisLinkHandler& handler)
    : use_(use),
      settings_(settings),
      handler_(handler),
      delay_(settings.reconnect_delay_min),
      random_(std::random_device{}()) {}

RedisLink::~RedisLink() = default;

pollfd RedisLink::interest() const {
    pollfd interest{};
    interest.fd = -1;
    if (!context_) return interest;
    interest.fd = context_->raw->fd;
    const bool writes = state_ == State::connecting || context_->unwritten() > 0;
    interest.events = static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
    return interest;
}

void RedisLink::on_poll(short found, SteadyTime now) {
    if (!context_ || found == 0) return;
    if (state_ == State::connecting) {
        on_connected(now);
        return;
    }
    if ((found & (POLLIN | POLLHUP | POLLERR)) != 0) read(now);
}

void RedisLink::tick(SteadyTime now) {
    if (state_ == State::waiting) {
        if (now >= deadline_) connect(now);
        return;
    }
    if (state_ == State::ready) {
        check_life(now);
    } else if (now >= deadline_) {
        fail("no connection in time", now);
    }
    if (context_ && state_ != State::connecting) write(now);
}

void RedisLink::send(std::span<const std::string_view> arguments) {
    ensure(ready(), "commands are sent on a link that is ready");
    append(arguments);
    if (use_ == Use::publishing) ++replies_due_;
}

std::size_t RedisLink::unsent_bytes() const {
    return context_ ? context_->unwritten() : 0;
}

void RedisLink::connect(SteadyTime now) {
    auto* made = settings_.unix_path.empty() ? redisConnectNonBlock(settings_.host.c_str(), settings_.port)
                                             : redisConnectUnixNonBlock(settings_.unix_path.c_str());
    state_ = State::connecting;
    deadline_ = now + settings_.connect_timeout;
    if (made == nullptr) return fail("out of memory", now);
    context_ = std::make_unique<Context>(made);
    if (made->err != 0) return fail(made->errstr, now);
    // hiredis does not do it, and a program that starts others must not hand them this connection.
    ::fcntl(context_->raw->fd, F_SETFD, FD_CLOEXEC);
}

void RedisLink::on_connected(SteadyTime now) {
    int error = 0;
    socklen_t length = sizeof(error);
    if (::getsockopt(context_->raw->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return fail(std::strerror(error), now);
    state_ = State::preparing;
    prepare();
    write(now);
}

// The last of these commands only finds out whether the server is there and lets this client in.
void RedisLink::prepare() {
    preparations_due_ = 1;
    if (!settings_.password.empty()) {
        std::vector<std::string_view> arguments = {"AUTH"};
        if (!settings_.user.empty()) arguments.emplace_back(settings_.user);
        arguments.emplace_back(settings_.password);
        append(arguments);
        ++preparations_due_;
    }
    if (settings_.database != 0) {
        const std::string number = std::to_string(settings_.database);
        append(std::array<std::string_view, 2>{"SELECT", number});
        ++preparations_due_;
    }
    append(std::array<std::string_view, 1>{"PING"});
}

void RedisLink::append(std::span<const std::string_view> arguments) {
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    for (const auto argument : arguments) {
        texts.push_back(argument.data());
        lengths.push_back(argument.size());
    }
    const auto count = static_cast<int>(arguments.size());
    ensure(redisAppendCommandArgv(context_->raw, count, texts.data(), lengths.data()) == REDIS_OK,
           "memory for a command");
}

void RedisLink::write(SteadyTime now) {
    if (context_->unwritten() == 0) return;
    int done = 0;
    if (redisBufferWrite(context_->raw, &done) != REDIS_OK) fail(context_->raw->errstr, now);
}

void RedisLink::read(SteadyTime now) {
    if (redisBufferRead(context_->raw) != REDIS_OK) return fail(context_->raw->errstr, now);
    last_heard_ = now;
    for (;;) {
        void* found = nullptr;
        if (redisGetReplyFromReader(context_->raw, &found) != REDIS_OK) return fail(context_->raw->errstr, now);
        if (found == nullptr) return;
        const std::unique_ptr<redisReply, ReplyDeleter> reply(static_cast<redisReply*>(found));
        if (!handle(to_reply(*reply), now)) return;
    }
}

// False when the link is down after it.
bool RedisLink::handle(const RedisReply& reply, SteadyTime now) {
    if (state_ == State::preparing) {
        if (reply.kind == RedisReply::Kind::error) {
            fail(reply.text, now);
            return false;
        }
        if (--preparations_due_ > 0) return true;
        state_ = State::ready;
        delay_ = settings_.reconnect_delay_min;
        last_failure_.clear();
        log::info("cluster", fmt::format("the {} connection to Redis is up", name()));
        handler_.on_link_ready(*this);
        return true;
    }
    if (is_ping_answer(reply)) {
        ping_due_ = false;
        return true;
    }
    if (replies_due_ > 0) --replies_due_;
    handler_.on_link_reply(*this, reply);
    return true;
}

// A publishing link only asks while no other answer is due, so the next one is the answer. On a subscribed link
// messages may come before it; the answer has a form of its own once there are subscriptions.
bool RedisLink::is_ping_answer(const RedisReply& reply) {
    if (!ping_due_) return false;
    if (use_ == Use::publishing) return true;
    const bool in_array = reply.kind == RedisReply::Kind::array && !reply.elements.empty();
    const auto text = in_array ? reply.elements[0].text : reply.text;
    return text == "pong" || text == "PONG";
}

void RedisLink::check_life(SteadyTime now) {
    const auto silence = now - last_heard_;
    if (silence >= settings_.ping_interval + settings_.ping_timeout) return fail("no answer in time", now);
    deadline_ = last_heard_ + settings_.ping_interval + settings_.ping_timeout;
    if (ping_due_ || replies_due_ > 0) return;
    if (silence < settings_.ping_interval) {
        deadline_ = last_heard_ + settings_.ping_interval;
        return;
    }
    ping_due_ = true;
    append(std::array<std::string_view, 1>{"PING"});
}

void RedisLink::fail(std::string_view why, SteadyTime now) {
    const bool was_ready = ready();
    if (was_ready || last_failure_ != why) {
        log::warn("cluster", fmt::format("the {} connection to Redis is down: {}", name(), why));
        last_failure_ = why;
    }
    context_.reset();
    state_ = State::waiting;
    preparations_due_ = 0;
    replies_due_ = 0;
    ping_due_ = false;
    // Servers that lost the same Redis do not all come back at the same moment.
    const auto half = delay_.count() / 2;
    deadline_ = now + milliseconds(half + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(half + 1)));
    delay_ = std::min(delay_ * 2, settings_.reconnect_delay_max);
    if (was_ready) handler_.on_link_down(*this);
}

}  // namespace onhand::socketio
