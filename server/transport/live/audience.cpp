#include "transport/live/audience.hpp"

#include <time.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace onhand::live {

namespace {

// Processor time of this thread: what it waited for the processor while others had it was not spent on telling.
RoundPace::Duration thread_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Audience::Audience(boost::asio::io_context& io, domain::FeedSeq head, Tell tell)
    : io_(io), tell_(std::move(tell)), timer_(io) {
    for (auto& group : groups_) group.read = group.told = head;
}

std::size_t Audience::add(socketio::SocketPtr socket) {
    const auto smaller = [](const Group& left, const Group& right) {
        // Groups below group_clients are filled one after the other.
        return std::max(left.sockets.size(), group_clients - 1) < std::max(right.sockets.size(), group_clients - 1);
    };
    const auto group = std::ranges::min_element(groups_, smaller);
    auto* const raw_socket = socket.get();
    group->sockets.emplace(raw_socket, std::move(socket));
    return static_cast<std::size_t>(group - groups_.begin());
}

void Audience::remove(socketio::Socket& socket, std::size_t group) {
    groups_.at(group).sockets.erase(&socket);
    if (groups_.at(group).sockets.empty()) pace_.forget(group);
}

void Audience::take(const std::vector<domain::FeedBatchPtr>& batches) {
    for (auto& group : groups_) {
        for (const auto& batch : batches) {
            group.read = batch->last();
            if (!group.sockets.empty()) group.changes.add(batch);
        }
        // What nobody was there to hear needs no telling: whoever comes now catches up to here by itself.
        if (!group.sockets.empty()) continue;
        group.changes = {};
        group.told = group.read;
    }
    go_on();
}

// The group that has waited longest.
Audience::Group* Audience::next_group() {
    Group* next = nullptr;
    for (auto& group : groups_)
        if (group.waits() && (next == nullptr || group.last < next->last)) next = &group;
    return next;
}

// Begins the next turn, or sees to it that it is begun in time.
void Audience::go_on() {
    if (stopped_ || telling_ || timer_runs_) return;
    auto* const group = next_group();
    if (group == nullptr) return;
    const auto due = std::max(group->last + pace_.round(), free_at_);
    if (Clock::now() >= due) return tell(*group);
    timer_runs_ = true;
    timer_.expires_at(due);
    timer_.async_wait([this](boost::system::error_code error) {
        timer_runs_ = false;
        if (!error) go_on();
    });
}

// The clients' sockets are written to after this turn of the loop, by one task. It lies between these two tasks, so
// what passes between them is what writing took.
void Audience::tell(Group& group) {
    telling_ = true;
    const auto begin = thread_time();
    group.last = Clock::now();
    group.told = group.read;
    const auto changes = std::exchange(group.changes, {});
    boost::asio::post(io_, [this] { writing_since_ = thread_time(); });
    tell_(group.sockets, changes, group.told);
    const auto encoded = thread_time() - begin;
    const auto index = static_cast<std::size_t>(&group - groups_.data());
    boost::asio::post(io_, [this, encoded, index] { turn_ended(index, encoded + (thread_time() - writing_since_)); });
}

void Audience::turn_ended(std::size_t group, RoundPace::Duration cost) {
    telling_ = false;
    if (!groups_.at(group).sockets.empty()) pace_.told(group, cost);
    free_at_ = Clock::now() + RoundPace::pause_after(cost);
    go_on();
}

void Audience::stop() {
    stopped_ = true;
    timer_.cancel();
    for (auto& group : groups_) group.sockets.clear();
}

}  // namespace onhand::live
