#include "watch/watchers.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "socketio/file_limit.hpp"
#include "socketio/load_client.hpp"

namespace onhand::bench::watch {

namespace {

constexpr std::size_t spare_descriptors = 1100;  // also for the orders' connections
constexpr std::size_t read_buffer_bytes = 256 * 1024;
constexpr std::size_t events_per_wait = 512;
constexpr std::size_t opening_max = 64;  // in the middle of their handshakes
constexpr int wait_ms = 20;
// Asleep in epoll_wait the thread would be woken for every single delivery, at the cost of the server that sends it and
// as no client on another machine ever is. Asleep here it is not. It is part of every latency.
constexpr useconds_t nap_us = 500;
constexpr std::chrono::seconds ready_patience{30};
constexpr std::chrono::milliseconds quiet_time{700};  // without news the last is told
constexpr std::chrono::seconds stop_patience{15};

std::string system_problem(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

std::string sku_of(const bench::Options& orders, std::size_t product) {
    return fmt::format("{}-{:06}", orders.sku, product);
}

std::string subscription_of(const Options& options, const Watcher& watcher, bool all) {
    if (all) return R"({"stock":"all"})";
    std::string keys;
    for (auto product = watcher.first_product; product < watcher.end_product; ++product)
        keys += fmt::format(R"({}["{}","MAIN"])", keys.empty() ? "" : ",", sku_of(options.orders, product));
    return fmt::format(R"({{"stock":{{"keys":[{}]}}}})", keys);
}

}  // namespace

struct Watchers::Peer final : WatchSink {
    Peer(Watchers& watchers, std::size_t place, WatchClient made)
        : owner(watchers), index(place), client(std::move(made)) {}
    void on_stretch(const Stretch& stretch) override { owner.note(index, stretch); }
    void on_order(const OrderTold& order) override {
        owner.orders_.push_back(ToldOrder{order.seq, order.number, order.product});
    }

    Watchers& owner;
    std::size_t index;
    WatchClient client;
    int descriptor = -1;
    bool counted = false;  // as ready
};

Watchers::Watchers(const Options& options) : options_(options), book_(options.watchers()), buffer_(read_buffer_bytes) {
    std::mt19937_64 random(options.orders.seed);
    const auto& token = options.orders.token;
    const auto places = options.orders.skus - options.rows + 1;
    for (std::size_t i = 0; i < book_.size(); ++i) {
        const bool all = i < options.all;
        book_[i].first_product = all ? 0 : static_cast<std::size_t>(random() % places);
        book_[i].end_product = all ? options.orders.skus : book_[i].first_product + options.rows;
        const bool sample = i == 0 || i == options.all;
        WatchClient client(token, subscription_of(options, book_[i], all), sample);
        peers_.push_back(std::make_unique<Peer>(*this, i, std::move(client)));
    }
    WatchClient reporter(token, R"({"orders":true})", false);
    peers_.push_back(std::make_unique<Peer>(*this, book_.size(), std::move(reporter)));
}

Watchers::~Watchers() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    for (const auto& peer : peers_)
        if (peer->descriptor >= 0) ::close(peer->descriptor);
    if (epoll_ >= 0) ::close(epoll_);
}

void Watchers::fail(std::string problem) {
    if (!problem_) problem_ = std::move(problem);
}

std::optional<std::string> Watchers::start() {
    if (auto problem = socketio::raise_file_limit(peers_.size() + spare_descriptors)) return problem;
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return system_problem("epoll_create1");
    auto ready = all_ready_.get_future();
    thread_ = std::thread([this] { run(); });
    if (ready.wait_for(ready_patience) == std::future_status::ready) return std::nullopt;
    if (auto problem = stop()) return problem;
    return fmt::format("only {} of {} clients have subscribed", ready_, peers_.size());
}

std::optional<std::string> Watchers::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return problem_;
}

bool Watchers::open(std::size_t index) {
    auto& peer = *peers_[index];
    peer.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer.descriptor < 0) {
        fail(system_problem("socket"));
        return false;
    }
    const int on = 1;
    ::setsockopt(peer.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(index);
    if (::connect(peer.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.descriptor, &event) != 0) {
        fail(system_problem(fmt::format("client {}", index)));
        return false;
    }
    send(peer, socketio::upgrade_request(options_.port()));
    return true;
}

void Watchers::run() {
    auto stop_by = TimePoint::max();
    while (!problem_) {
        while (opened_ < peers_.size() && opened_ - ready_ < opening_max && open(opened_)) ++opened_;
        serve(wait_ms);
        if (ready_ == peers_.size() && !std::exchange(told_ready_, true)) all_ready_.set_value();
        if (told_ready_) ::usleep(nap_us);
        if (!stopping_) continue;
        const auto now = std::chrono::steady_clock::now();
        if (stop_by == TimePoint::max()) stop_by = now + stop_patience;
        if (!told_ready_ || now - last_news_ > quiet_time || now > stop_by) return;
    }
}

void Watchers::serve(int timeout_ms) {
    std::array<epoll_event, events_per_wait> events{};
    const auto count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR) fail(system_problem("epoll_wait"));
    for (int i = 0; i < count && !problem_; ++i) receive(events.at(static_cast<std::size_t>(i)).data.u32);
}

void Watchers::receive(std::size_t index) {
    auto& peer = *peers_[index];
    const auto count = ::recv(peer.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return fail(system_problem(fmt::format("client {}", index)));
    if (count == 0) return fail(fmt::format("client {}: the server closed the connection", index));
    now_ = std::chrono::steady_clock::now();
    reply_.clear();
    std::string problem;
    if (!peer.client.consume({buffer_.data(), static_cast<std::size_t>(count)}, reply_, peer, problem))
        return fail(fmt::format("client {}: {}", index, problem));
    if (peer.client.ready() && !std::exchange(peer.counted, true)) ++ready_;
    if (!reply_.empty()) send(peer, reply_);
}

void Watchers::send(Peer& peer, std::string_view bytes) {
    const auto count = ::send(peer.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return fail(system_problem(fmt::format("client {}", peer.index)));
    if (static_cast<std::size_t>(count) != bytes.size())
        fail(fmt::format("client {}: the server does not read", peer.index));
}

void Watchers::note(std::size_t index, const Stretch& stretch) {
    if (index >= book_.size() || stretch.to < stretch.from) return;
    last_news_ = now_;
    book_[index].arrivals.push_back(Arrival{now_, stretch.from, stretch.to});
    auto& volume = index < options_.all ? all_ : some_;
    volume.bytes += stretch.bytes;
    volume.events += 1;
    volume.envelope_bytes += stretch.envelope;
    if (stretch.changes == 0) return;
    volume.sample_events += 1;
    volume.sample_changes += stretch.changes;
    volume.sample_change_bytes += stretch.bytes - stretch.envelope;
}

}  // namespace onhand::bench::watch
