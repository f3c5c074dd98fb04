#include "bus/redis/pub_sub.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds connect_time_max{500};
constexpr milliseconds pause_min{10};
constexpr milliseconds pause_max{1000};
// Silence after which the server is asked for a sign of life, and how long that may take before the connection counts
// as dead. Silence alone is no proof: this process may have stood still itself.
constexpr milliseconds ask_after{300};
constexpr milliseconds answer_time_max{600};
// What is given to the socket at a time; the rest waits in the queue, where it is counted.
constexpr std::size_t unwritten_bytes_max = 1024U * 1024;

}  // namespace

PubSub::PubSub(Locator& locator, PubSubOptions options)
    : locator_(locator), options_(options), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    ensure(wake_ >= 0, "an eventfd can be made");
}

PubSub::~PubSub() {
    stop();
    ::close(wake_);
}

void PubSub::subscribe(std::string channel, Listener listener) {
    {
        const std::lock_guard lock(mutex_);
        new_channels_.push_back(channel);
        connected_ = false;  // until this channel is confirmed, too
        const bool is_new = listeners_.emplace(std::move(channel), std::move(listener)).second;
        ensure(is_new, "a channel has one listener");
    }
    wake();
}

void PubSub::on_connected(std::function<void()> callback) {
    ensure(!thread_.joinable(), "callbacks are set before the start");
    on_connected_ = std::move(callback);
}

void PubSub::start() {
    ensure(!thread_.joinable(), "started once");
    thread_ = std::thread([this] { run(); });
}

void PubSub::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
    connected_ = false;
}

void PubSub::wake() {
    if (awake_.exchange(true, std::memory_order_acq_rel)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof(one));
}

void PubSub::publish(std::string channel, std::string bytes) {
    Message message{std::move(channel), std::move(bytes)};
    {
        const std::lock_guard lock(mutex_);
        const bool fits =
            queue_.size() < options_.queue_messages_max && message.size() <= options_.queue_bytes_max - queue_bytes_;
        if (!sending_works_ || !fits) {
            ++stats_.dropped;
            return;
        }
        queue_bytes_ += message.size();
        queue_.push_back(std::move(message));
    }
    wake();
}

PubSubStats PubSub::stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

void PubSub::run() {
    name_thread("hints");
    while (true) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) break;
        }
        const auto topology = locator_.current();
        const auto now = steady_clock::now();
        tend(subscriber_, *topology, now);
        if (options_.publishes) tend(publisher_, *topology, now);
        send_subscriptions();
        send_messages();
        wait_for_events();
        read_subscriber();
        if (options_.publishes) read_publisher();
    }
    subscriber_.connection.close();
    publisher_.connection.close();
}

// --- connections

void PubSub::tend(Line& line, const Topology& topology, SteadyTime now) {
    if (line.connection.is_open()) {
        if (!topology.contains(*line.node)) return lose(line, "another server has the data now");
        return check_life(line, now);
    }
    if (now >= line.next_try) connect(line, topology);
}

void PubSub::connect(Line& line, const Topology& topology) {
    auto node = topology.usable_node();
    // Who is away for the locks may still take messages, and must be tried by somebody.
    if (!node && !topology.nodes.empty()) node = topology.nodes.front();
    if (!node) return lose(line, "no server is known");
    line.node = node;
    const auto deadline = steady_clock::now() + connect_time_max;
    if (!line.connection.open(node->address(), locator_.login(), deadline)) {
        return lose(line, std::string(line.connection.error()));
    }
    line.last_heard = line.last_asked = steady_clock::now();
    line.answers_due = 0;
    if (!line.trouble.empty()) log::info("redis", fmt::format("the {} connection stands again", line.name));
    line.trouble.clear();
    const std::lock_guard lock(mutex_);
    if (&line == &publisher_) {
        sending_works_ = true;
        line.pause = pause_min;
        return;
    }
    new_channels_.clear();
    for (const auto& [channel, listener] : listeners_) new_channels_.push_back(channel);
    confirmations_due_ = 0;
    is_announced_ = false;
}

void PubSub::lose(Line& line, std::string_view why) {
    if (line.trouble != why) log::warn("redis", fmt::format("the {} connection is down: {}", line.name, why));
    line.trouble = why;
    line.connection.close();
    line.pause = std::clamp(line.pause * 2, pause_min, pause_max);
    line.next_try = steady_clock::now() + line.pause;
    connected_ = false;
    locator_.suspect();
    if (&line != &publisher_) return;
    const std::lock_guard lock(mutex_);
    sending_works_ = false;
    stats_.dropped += queue_.size() + line.answers_due;
    queue_.clear();
    queue_bytes_ = 0;
}

void PubSub::check_life(Line& line, SteadyTime now) {
    if (line.last_asked > line.last_heard) {
        if (now - line.last_asked >= answer_time_max) lose(line, "no sign of life");
        return;
    }
    if (now - line.last_heard < ask_after) return;
    line.last_asked = now;
    line.connection.append(std::array<std::string_view, 1>{"PING"});
    if (&line == &publisher_) ++line.answers_due;
}

SteadyTime PubSub::deadline_of(const Line& line) const {
    if (!line.connection.is_open()) return line.next_try;
    return line.last_asked > line.last_heard ? line.last_asked + answer_time_max : line.last_heard + ask_after;
}

// --- what goes out

void PubSub::send_subscriptions() {
    if (!subscriber_.connection.is_open()) return;
    std::vector<std::string> channels;
    {
        const std::lock_guard lock(mutex_);
        channels = std::exchange(new_channels_, {});
    }
    for (const auto& channel : channels) {
        subscriber_.connection.append(std::array<std::string_view, 2>{"SUBSCRIBE", channel});
    }
    confirmations_due_ += channels.size();
    if (!channels.empty()) is_announced_ = false;
    if (!subscriber_.connection.write_some()) return lose(subscriber_, std::string(subscriber_.connection.error()));
    note_connected();
}

void PubSub::send_messages() {
    auto& connection = publisher_.connection;
    if (!connection.is_open()) return;
    {
        const std::lock_guard lock(mutex_);
        while (!queue_.empty() && connection.unwritten_bytes() < unwritten_bytes_max) {
            const auto& message = queue_.front();
            connection.append(std::array<std::string_view, 3>{"PUBLISH", message.channel, message.bytes});
            ++publisher_.answers_due;
            queue_bytes_ -= message.size();
            queue_.pop_front();
        }
    }
    if (!connection.write_some()) return lose(publisher_, std::string(connection.error()));
    note_connected();
}

void PubSub::note_connected() {
    const bool confirmed = subscriber_.connection.is_open() && confirmations_due_ == 0;
    {
        // A channel that was added in the meantime is not asked for yet.
        const std::lock_guard lock(mutex_);
        const bool subscribed = confirmed && new_channels_.empty();
        connected_ = subscribed && (!options_.publishes || publisher_.connection.is_open());
        if (!subscribed || is_announced_) return;
        is_announced_ = true;
        ++stats_.connects;
    }
    subscriber_.pause = pause_min;
    if (on_connected_) on_connected_();
}

// --- what comes in

void PubSub::wait_for_events() {
    std::array<pollfd, 3> interests{{{wake_, POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}}};
    auto deadline = deadline_of(subscriber_);
    if (options_.publishes) deadline = std::min(deadline, deadline_of(publisher_));
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& connection = (i == 0 ? subscriber_ : publisher_).connection;
        const bool writes = connection.is_open() && connection.unwritten_bytes() > 0;
        interests[i + 1].fd = connection.descriptor();
        interests[i + 1].events = static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
    }
    ::poll(interests.data(), interests.size(), poll_ms_until(deadline));
    if (interests[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto length = ::read(wake_, &count, sizeof(count));
        awake_.store(false, std::memory_order_release);
    }
}

void PubSub::read_subscriber() {
    auto& connection = subscriber_.connection;
    if (!connection.is_open()) return;
    const auto bytes_before = connection.bytes_read();
    if (connection.read_some()) {
        if (connection.bytes_read() != bytes_before) subscriber_.last_heard = steady_clock::now();
        while (const auto reply = connection.take()) on_push(reply.view());
    }
    const bool is_noted = !subscriber_.trouble.empty();
    if (!connection.is_open() && !is_noted) lose(subscriber_, std::string(connection.error()));
}

void PubSub::on_push(ReplyView push) {
    if (push.is_error()) {
        // A channel that is forbidden: its confirmation will not come, so this connection is of no use.
        return lose(subscriber_, fmt::format("it refuses: {}", push.text()));
    }
    const auto kind = push[0].text();
    if (kind == "subscribe" && confirmations_due_ > 0) {
        --confirmations_due_;
        return note_connected();
    }
    if (kind != "message" || push.size() != 3) return;
    Listener* listener = nullptr;
    {
        const std::lock_guard lock(mutex_);
        ++stats_.received;
        const auto found = listeners_.find(push[1].text());
        // Listeners are never taken away, so the pointer stays good.
        if (found != listeners_.end()) listener = &found->second;
    }
    if (listener == nullptr) return;
    try {
        (*listener)(push[2].text());
    } catch (const std::exception& error) {
        log::error("redis", fmt::format("a listener failed: {}", error.what()));
    }
}

void PubSub::read_publisher() {
    auto& connection = publisher_.connection;
    if (!connection.is_open()) return;
    std::string refusal;
    std::uint64_t published = 0;
    const auto bytes_before = connection.bytes_read();
    if (connection.read_some()) {
        if (connection.bytes_read() != bytes_before) publisher_.last_heard = steady_clock::now();
        while (const auto reply = connection.take()) {
            if (publisher_.answers_due > 0) --publisher_.answers_due;
            if (reply.view().is_integer()) ++published;
            if (reply.view().is_error()) refusal = reply.view().text();
        }
    }
    if (published > 0) {
        const std::lock_guard lock(mutex_);
        stats_.published += published;
    }
    if (!connection.is_open()) return lose(publisher_, std::string(connection.error()));
    if (!refusal.empty()) lose(publisher_, fmt::format("it refuses: {}", refusal));
}

}  // namespace onhand::bus::redis
