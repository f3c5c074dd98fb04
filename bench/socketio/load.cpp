#include "socketio/load.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "processor_time.hpp"
#include "socketio/command.hpp"
#include "socketio/file_limit.hpp"

namespace onhand::bench::socketio {
namespace {

constexpr std::size_t clients_per_address = 10'000;
constexpr std::size_t spare_descriptors = 16;
constexpr std::size_t read_buffer_bytes = 65'536;
constexpr std::size_t events_per_wait = 512;
constexpr std::size_t command_bytes_max = 200;
constexpr int wait_ms = 500;
constexpr std::uint32_t input_index = UINT32_MAX;  // stands for standard input in epoll

std::string system_problem(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

sockaddr_in loopback_address(std::size_t last_number, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + static_cast<std::uint32_t>(last_number));
    return address;
}

}  // namespace

Load::Load(const LoadOptions& options) : options_(options), peers_(options.clients), buffer_(read_buffer_bytes) {}

Load::~Load() {
    for (const auto& peer : peers_) {
        if (peer.descriptor >= 0) ::close(peer.descriptor);
    }
    if (epoll_ >= 0) ::close(epoll_);
}

void Load::fail(std::string problem) {
    if (!problem_) problem_ = std::move(problem);
}

bool Load::set_up() {
    if (auto problem = raise_file_limit(options_.clients + spare_descriptors)) {
        fail(std::move(*problem));
        return false;
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = input_index;
    if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0) {
        fail(system_problem("standard input must be a pipe or a terminal"));
        return false;
    }
    return true;
}

std::optional<std::string> Load::run() {
    if (!set_up()) return problem_;
    begin(Task::connect, 1, 0);
    round_goal_ = peers_.size();
    open_more();
    std::array<epoll_event, events_per_wait> events{};
    while (!problem_ && !finished_) {
        const auto count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
        if (count < 0 && errno != EINTR) fail(system_problem("epoll_wait"));
        for (int i = 0; i < count && !problem_; ++i) {
            const auto& event = events.at(static_cast<std::size_t>(i));
            if (event.data.u32 == input_index) {
                read_commands();
            } else {
                on_event(event.data.u32, event.events);
            }
        }
        advance();
        if (!patient()) break;
        nap();
    }
    return problem_;
}

// Asleep in epoll_wait this thread would be woken for every single delivery, at the cost of the server that sends it
// and as no client on another machine ever is. Asleep here it is not.
void Load::nap() const {
    const bool busy = task_ == Task::broadcast || task_ == Task::ack;
    if (busy && options_.nap_us > 0) ::usleep(static_cast<useconds_t>(options_.nap_us));
}

// Opening.

void Load::open_more() {
    while (!problem_ && opened_ < peers_.size() && opened_ - counts_.ready < options_.in_flight) {
        if (!open(opened_)) return;
        ++opened_;
    }
}

bool Load::open(std::size_t index) {
    auto& peer = peers_[index];
    peer.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer.descriptor < 0) {
        fail(system_problem("socket"));
        return false;
    }
    const int on = 1;
    // The port is chosen by connect(), so that one is free again for each pair of addresses.
    ::setsockopt(peer.descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    ::setsockopt(peer.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto from = loopback_address(2 + index / clients_per_address, 0);
    const auto to = loopback_address(1, options_.port);
    if (::bind(peer.descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
        fail(system_problem("bind"));
        return false;
    }
    if (::connect(peer.descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
        fail(system_problem(fmt::format("connect of client {}", index)));
        return false;
    }
    peer.connecting = true;
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.u32 = static_cast<std::uint32_t>(index);
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.descriptor, &event) != 0) fail(system_problem("epoll_ctl"));
    return !problem_;
}

void Load::on_connected(std::size_t index) {
    auto& peer = peers_[index];
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(peer.descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        errno = error;
        fail(system_problem(fmt::format("connect of client {}", index)));
        return;
    }
    peer.connecting = false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(index);
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.descriptor, &event) != 0) fail(system_problem("epoll_ctl"));
    send(index, upgrade_request(options_.port));
}

// Traffic.

void Load::on_event(std::size_t index, unsigned events) {
    if (peers_[index].connecting) {
        on_connected(index);
    } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        receive(index);
    }
}

void Load::receive(std::size_t index) {
    auto& peer = peers_[index];
    const auto count = ::recv(peer.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return fail(system_problem(fmt::format("client {}", index)));
    if (count == 0) return fail(fmt::format("client {}: the server closed the connection", index));
    reply_.clear();
    std::string problem;
    if (!peer.client.consume({buffer_.data(), static_cast<std::size_t>(count)}, reply_, counts_, problem))
        return fail(fmt::format("client {}: {}", index, problem));
    if (!reply_.empty()) send(index, reply_);
}

// What a client sends is so little that the kernel takes it at once unless the server does not read at all.
void Load::send(std::size_t index, std::string_view bytes) {
    const auto count = ::send(peers_[index].descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return fail(system_problem(fmt::format("client {}", index)));
    if (static_cast<std::size_t>(count) != bytes.size())
        fail(fmt::format("client {}: the server does not read", index));
}

// Commands.

void Load::read_commands() {
    std::array<char, command_bytes_max> input{};
    const auto count = ::read(STDIN_FILENO, input.data(), input.size());
    if (count <= 0) {
        finished_ = true;
        return;
    }
    commands_.append(input.data(), static_cast<std::size_t>(count));
    for (auto end = commands_.find('\n'); end != std::string::npos && !problem_; end = commands_.find('\n')) {
        const auto line = commands_.substr(0, end);
        commands_.erase(0, end + 1);
        obey(line);
    }
    if (commands_.size() > command_bytes_max) fail("a command is too long");
}

void Load::obey(std::string_view line) {
    if (line == "quit") {
        finished_ = true;
        return;
    }
    const auto command = parse_command(line);
    if (!command) return fail(fmt::format("not understood: {}", line));
    if (task_ != Task::none) return fail(fmt::format("too early, another command is under way: {}", line));
    begin(command->asks_back ? Task::ack : Task::broadcast, command->rounds, command->burst);
    ask_for_round();
}

void Load::begin(Task task, std::uint64_t rounds, std::uint64_t burst) {
    task_ = task;
    rounds_ = rounds;
    rounds_done_ = 0;
    burst_ = burst;
    counts_before_ = counts_;
    began_ = progress_at_ = Clock::now();
    cpu_before_s_ = processor_seconds();
}

// The first client asks for each round, so that one is over everywhere before the next begins.
void Load::ask_for_round() {
    if (task_ == Task::broadcast) {
        round_goal_ = counts_.deliveries + burst_ * peers_.size();
        send(0, client_text_frame(fmt::format("42[\"next\",{}]", burst_)));
    } else {
        round_goal_ = counts_.rounds_acked + 1;
        send(0, client_text_frame("42[\"ask\"]"));
    }
}

// Goes on with the task as far as what has come allows.
void Load::advance() {
    if (problem_ || task_ == Task::none) return;
    if (task_ == Task::connect) open_more();
    const auto reached = task_ == Task::connect     ? counts_.ready
                         : task_ == Task::broadcast ? counts_.deliveries
                                                    : counts_.rounds_acked;
    if (reached < round_goal_) return;
    if (reached > round_goal_) return fail("more events came than were asked for");
    if (++rounds_done_ < rounds_) return ask_for_round();
    report();
    task_ = Task::none;
}

void Load::report() {
    const std::chrono::duration<double> seconds = Clock::now() - began_;
    const char* const name = task_ == Task::connect ? "connect" : task_ == Task::broadcast ? "broadcast" : "ack";
    fmt::print(
        "{{\"done\":\"{}\",\"clients\":{},\"rounds\":{},\"burst\":{},\"deliveries\":{},\"questions\":{},\"pings\":{},"
        "\"seconds\":{:.6f},\"tool_cpu_s\":{:.6f}}}\n",
        name, counts_.ready, rounds_, burst_, counts_.deliveries - counts_before_.deliveries,
        counts_.questions - counts_before_.questions, counts_.pings, seconds.count(),
        processor_seconds() - cpu_before_s_);
    std::fflush(stdout);
}

// False, with the problem set, when a task has made no progress for too long.
bool Load::patient() {
    if (problem_) return false;
    const auto now = Clock::now();
    const auto progress = counts_.ready + counts_.deliveries + counts_.questions + counts_.rounds_acked;
    if (task_ == Task::none || progress != progress_) {
        progress_ = progress;
        progress_at_ = now;
    }
    if (now - progress_at_ <= std::chrono::duration<double>(options_.patience_s)) return true;
    fail(fmt::format("no progress for {} s: {} of {} clients ready, {} deliveries, {} answers", options_.patience_s,
                     counts_.ready, peers_.size(), counts_.deliveries, counts_.questions));
    return false;
}

}  // namespace onhand::bench::socketio
