#include "transport/socketio/cluster/redis_worker.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <utility>

#include "base/log.hpp"
#include "transport/socketio/cluster/request_answerer.hpp"

namespace onhand::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// More than this is not put into a connection that takes nothing; it waits in the inbox, which has a bound.
constexpr std::size_t unsent_bytes_max = 1024 * 1024;
constexpr std::size_t unanswered_max = 10'000;
// Commands taken before the connections get their turn.
constexpr int commands_per_turn = 256;
constexpr milliseconds finish_time_max{500};
// Poll also returns without any cause after this long, so that a deadline that was overlooked costs no more than that.
constexpr milliseconds wait_max{10'000};

// Handlers belong to others; what one of them throws is a bug that must not end the cluster's thread.
template <class Call>
void contained(std::string_view what, const Call& call) {
    try {
        call();
    } catch (const std::exception& error) {
        log::error("cluster", fmt::format("{} failed: {}", what, error.what()));
    }
}

// Writing to a connection that Redis has closed must be an error and not a signal.
void block_broken_pipe_signal() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

RedisWorker::RedisWorker(const RedisSettings& settings, std::shared_ptr<AdapterInbox> inbox, ClusterLocal& local,
                         std::string uid, std::atomic<bool>& connected, const ConnectionHandler& connection_changed)
    : settings_(settings),
      inbox_(std::move(inbox)),
      local_(local),
      uid_(std::move(uid)),
      connected_(connected),
      connection_changed_(connection_changed),
      channels_(settings.prefix),
      publisher_(RedisLink::Use::publishing, settings, *this),
      subscriber_(RedisLink::Use::subscribed, settings, *this),
      pending_(settings.pending_requests_max) {}

void RedisWorker::run() {
    block_broken_pipe_signal();
    while (!inbox_->stop_requested()) contained("the adapter", [this] { turn(); });
    stopping_ = true;
    contained("ending the adapter", [this] { finish(); });
    contained("the connection handler", [this] { update_connected(); });
}

void RedisWorker::turn() {
    take_commands();
    const auto now = steady_clock::now();
    publisher_.tick(now);
    subscriber_.tick(now);
    contained("an answer's handler", [&] { pending_.expire(now); });
    contained("the connection handler", [this] { update_connected(); });
    wait(now + wait_max);
}

// Questions end now; what was to be told to the others still goes out, if Redis takes it.
void RedisWorker::finish() {
    end_questions();
    while (auto command = inbox_->take_last()) {
        contained("a command", [&] { std::visit([this](auto& each) { handle(each); }, *command); });
    }
    const auto end = steady_clock::now() + finish_time_max;
    while (publisher_.ready() && !expected_.empty() && steady_clock::now() < end) {
        publisher_.tick(steady_clock::now());
        wait(end);
    }
    if (publisher_.ready()) on_link_down(publisher_);
}

// While stopping, nothing that others say is read any more.
void RedisWorker::wait(SteadyTime until) {
    std::array<pollfd, 3> polled = {pollfd{inbox_->wake_descriptor(), POLLIN, 0}, publisher_.interest(),
                                    pollfd{-1, 0, 0}};
    until = std::min(until, publisher_.deadline());
    if (!stopping_) {
        polled[2] = subscriber_.interest();
        until = std::min(until, subscriber_.deadline());
    }
    if (const auto deadline = pending_.deadline()) until = std::min(until, *deadline);
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    const auto timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (::poll(polled.data(), polled.size(), timeout) <= 0) return;
    if (polled[0].revents != 0) inbox_->reset_wake();
    const auto now = steady_clock::now();
    publisher_.on_poll(polled[1].revents, now);
    subscriber_.on_poll(polled[2].revents, now);
}

void RedisWorker::take_commands() {
    for (int taken = 0; has_room(); ++taken) {
        if (taken == commands_per_turn) {
            inbox_->wake();
            return;
        }
        auto command = inbox_->take();
        if (!command) return;
        contained("a command", [&] { std::visit([this](auto& each) { handle(each); }, *command); });
    }
}

bool RedisWorker::has_room() const {
    return publisher_.unsent_bytes() < unsent_bytes_max && expected_.size() < unanswered_max;
}

void RedisWorker::update_connected() {
    const auto confirmed = [](const auto& each) { return each.second.unconfirmed.empty(); };
    const bool connected = !stopping_ && publisher_.ready() && subscriber_.ready() &&
                           std::all_of(namespaces_.begin(), namespaces_.end(), confirmed);
    if (connected_.exchange(connected) != connected && connection_changed_) connection_changed_(connected);
}

// --- commands

void RedisWorker::handle(AddNamespace& command) {
    const auto [added, is_new] = namespaces_.try_emplace(command.nsp);
    if (!is_new) return;
    subscriptions_[channels_.broadcast_pattern(command.nsp)] = Channel{command.nsp, ChannelUse::broadcast};
    subscriptions_[channels_.request(command.nsp)] = Channel{command.nsp, ChannelUse::request};
    subscriptions_[channels_.response(command.nsp)] = Channel{command.nsp, ChannelUse::response};
    subscriptions_[channels_.response(command.nsp, uid_)] = Channel{command.nsp, ChannelUse::response};
    if (subscriber_.ready()) subscribe(command.nsp, added->second);
}

void RedisWorker::handle(RemoveNamespace& command) {
    if (namespaces_.erase(command.nsp) == 0) return;
    const auto pattern = channels_.broadcast_pattern(command.nsp);
    const auto request = channels_.request(command.nsp);
    const auto response = channels_.response(command.nsp);
    const auto own_response = channels_.response(command.nsp, uid_);
    for (const auto& channel : {pattern, request, response, own_response}) subscriptions_.erase(channel);
    if (!subscriber_.ready()) return;
    subscriber_.send(std::array<std::string_view, 2>{"PUNSUBSCRIBE", pattern});
    subscriber_.send(std::array<std::string_view, 4>{"UNSUBSCRIBE", request, response, own_response});
}

void RedisWorker::handle(SendBroadcast& command) {
    const auto& rooms = command.target.rooms;
    // Servers without a client in the one room need not read the message when the channel names it.
    const auto channel =
        rooms.size() == 1 ? channels_.broadcast(command.nsp, rooms[0]) : channels_.broadcast(command.nsp);
    publish(channel, encode_broadcast({uid_, command.nsp, std::move(command.event), std::move(command.target)}));
}

void RedisWorker::handle(SendRequest& command) {
    command.message.uid = uid_;
    publish(channels_.request(command.nsp), encode_request(command.message));
}

void RedisWorker::handle(SendResponse& command) {
    publish(channels_.response(command.nsp), encode_response(command.message));
}

bool RedisWorker::can_ask(const Ask& command) const {
    return !command.refused && !stopping_ && publisher_.ready() && subscriber_.ready() && !pending_.full() &&
           namespaces_.contains(command.nsp);
}

void RedisWorker::handle(Ask& command) {
    if (!can_ask(command)) return answer_nothing(command.done, true);
    command.message.uid = uid_;
    command.message.request_id = fmt::format("{}-{}", uid_, next_id_++);
    auto payload = encode_request(command.message);
    if (!payload) {
        ++inbox_->counters.unsendable;
        return answer_nothing(command.done, true);
    }
    Question question{command.message.request_id, command.nsp, std::move(*payload)};
    pending_.add(question.id, command.message.type, command.deadline, std::move(command.done));
    auto& state = namespaces_.at(command.nsp);
    if (state.unconfirmed.empty()) {
        count_servers(std::move(question));
    } else {
        state.waiting.push_back(std::move(question));
    }
}

// --- publishing

void RedisWorker::publish(std::string_view channel, const std::optional<std::string>& payload) {
    if (!payload) {
        const auto count = ++inbox_->counters.unsendable;
        if (std::has_single_bit(count)) {
            log::warn("cluster", fmt::format("{} messages were no JSON or too large to be sent to others", count));
        }
        return;
    }
    if (!publisher_.ready()) {
        ++inbox_->counters.dropped;
        return;
    }
    publisher_.send(std::array<std::string_view, 3>{"PUBLISH", channel, *payload});
    expected_.emplace_back();
}

// Every server is subscribed exactly once to the channel of requests; those that answer are all but this one.
void RedisWorker::count_servers(Question question) {
    const auto channel = channels_.request(question.nsp);
    publisher_.send(std::array<std::string_view, 3>{"PUBSUB", "NUMSUB", channel});
    expected_.emplace_back(std::move(question));
}

void RedisWorker::on_published(const RedisReply& reply) {
    if (expected_.empty()) return;
    const auto question = std::move(expected_.front());
    expected_.pop_front();
    if (question) {
        on_servers_counted(reply, *question);
    } else if (reply.kind == RedisReply::Kind::integer) {
        ++inbox_->counters.published;
    } else if (const auto count = ++inbox_->counters.dropped; std::has_single_bit(count)) {
        log::warn("cluster", fmt::format("Redis does not publish: {}", reply.text));
    }
}

void RedisWorker::on_servers_counted(const RedisReply& reply, const Question& question) {
    const bool counted = reply.elements.size() == 2 && reply.elements[1].kind == RedisReply::Kind::integer;
    if (!counted) {
        // It ends when its time is over; the error is for the operator.
        log::warn("cluster", fmt::format("Redis does not count the servers: {}", reply.text));
        return;
    }
    const auto others = static_cast<std::size_t>(std::max<std::int64_t>(reply.elements[1].integer - 1, 0));
    bool open = false;
    contained("an answer's handler", [&] { open = pending_.set_servers(question.id, others); });
    if (open) publish(channels_.request(question.nsp), question.payload);
}

// --- the links

void RedisWorker::on_link_ready(RedisLink& link) {
    if (&link != &subscriber_) return;
    for (auto& [nsp, state] : namespaces_) subscribe(nsp, state);
}

void RedisWorker::subscribe(const std::string& nsp, Namespace& state) {
    const auto pattern = channels_.broadcast_pattern(nsp);
    const auto request = channels_.request(nsp);
    const auto response = channels_.response(nsp);
    const auto own_response = channels_.response(nsp, uid_);
    state.unconfirmed = {pattern, request, response, own_response};
    subscriber_.send(std::array<std::string_view, 2>{"PSUBSCRIBE", pattern});
    subscriber_.send(std::array<std::string_view, 4>{"SUBSCRIBE", request, response, own_response});
}

// With either connection gone no answers will come.
void RedisWorker::on_link_down(RedisLink& link) {
    if (&link == &publisher_) {
        const auto messages = std::count(expected_.begin(), expected_.end(), std::nullopt);
        inbox_->counters.dropped += static_cast<std::uint64_t>(messages);
        expected_.clear();
    }
    for (auto& [nsp, state] : namespaces_) state.waiting.clear();
    end_questions();
}

// Each question is gone before its handler is called, so one that throws is not called again.
void RedisWorker::end_questions() {
    while (!pending_.empty()) contained("an answer's handler", [this] { pending_.end_all(); });
}

void RedisWorker::on_link_reply(RedisLink& link, const RedisReply& reply) {
    if (&link == &publisher_) return on_published(reply);
    if (reply.kind == RedisReply::Kind::error) {
        log::warn("cluster", fmt::format("Redis refuses a subscription: {}", reply.text));
        return;
    }
    const auto& parts = reply.elements;
    if (parts.size() == 4 && parts[0].text == "pmessage") return on_message(parts[1].text, parts[3].text);
    if (parts.size() != 3) return;
    if (parts[0].text == "message") return on_message(parts[1].text, parts[2].text);
    if (parts[0].text == "subscribe" || parts[0].text == "psubscribe") on_confirmed(parts[1].text);
}

void RedisWorker::on_confirmed(std::string_view channel) {
    const auto subscription = subscriptions_.find(std::string(channel));
    if (subscription == subscriptions_.end()) return;
    auto& state = namespaces_.at(subscription->second.nsp);
    state.unconfirmed.erase(std::string(channel));
    if (!state.unconfirmed.empty() || !publisher_.ready()) return;
    for (auto& question : std::exchange(state.waiting, {})) count_servers(std::move(question));
}

// --- what others say

void RedisWorker::on_message(std::string_view channel, std::string_view payload) {
    const auto found = subscriptions_.find(std::string(channel));
    if (found == subscriptions_.end()) return;
    const auto [nsp, use] = found->second;
    contained("a message from the cluster", [&] {
        bool well_formed = false;
        switch (use) {
            case ChannelUse::broadcast:
                well_formed = on_broadcast(nsp, payload);
                break;
            case ChannelUse::request:
                well_formed = on_request(nsp, payload);
                break;
            case ChannelUse::response:
                well_formed = on_response(payload);
                break;
        }
        if (!well_formed) count_malformed(channel);
    });
}

bool RedisWorker::on_broadcast(const std::string& nsp, std::string_view payload) {
    auto message = decode_broadcast(payload);
    if (!message) return false;
    if (message->uid == uid_) return true;
    ++inbox_->counters.received;
    // The pattern of a namespace also matches the channels of others whose names begin with it and a '#'.
    if (message->nsp == nsp) local_.deliver(nsp, std::move(message->event), std::move(message->target));
    return true;
}

bool RedisWorker::on_request(const std::string& nsp, std::string_view payload) {
    auto message = decode_request(payload);
    if (!message) return false;
    if (message->uid == uid_) return true;
    ++inbox_->counters.received;
    answer_request(local_, inbox_, nsp, std::move(*message));
    return true;
}

bool RedisWorker::on_response(std::string_view payload) {
    auto message = decode_response(payload);
    if (!message) return false;
    // Answers to all servers come to all; those to others are not counted.
    pending_.on_response(std::move(*message));
    return true;
}

void RedisWorker::count_malformed(std::string_view channel) {
    const auto count = ++inbox_->counters.malformed;
    if (!std::has_single_bit(count)) return;
    log::warn("cluster", fmt::format("{} messages from the cluster made no sense, the last one on {}", count, channel));
}

}  // namespace onhand::socketio
