#pragma once
// The sockets of all watching clients and the thread that serves them: one epoll, one read buffer, every arrival noted
// with its time. One client more, the reporter, subscribes to orders and so learns the feed number of each. Made and
// used by main; results are read after stop().

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "watch/delivery.hpp"
#include "watch/options.hpp"
#include "watch/watch_client.hpp"

namespace onhand::bench::watch {

class Watchers {
  public:
    explicit Watchers(const Options& options);
    ~Watchers();
    Watchers(const Watchers&) = delete;
    Watchers& operator=(const Watchers&) = delete;

    // Opens all clients and starts the thread; returns when all have subscribed, or with one line for the user.
    std::optional<std::string> start();
    // Waits until nothing more comes, then ends the thread. Returns one line for the user when a client failed.
    std::optional<std::string> stop();

    // After stop(). The watchers of the whole table come first.
    const std::vector<Watcher>& watchers() const { return book_; }
    const std::vector<ToldOrder>& orders() const { return orders_; }

    // Bytes and messages of all clients of one kind, and of its first client also the changes.
    struct Volume {
        std::uint64_t bytes = 0;
        std::uint64_t events = 0;
        std::uint64_t envelope_bytes = 0;
        std::uint64_t sample_events = 0;
        std::uint64_t sample_changes = 0;
        std::uint64_t sample_change_bytes = 0;
    };
    const Volume& volume(bool all) const { return all ? all_ : some_; }

  private:
    struct Peer;

    bool open(std::size_t index);
    void run();
    void serve(int timeout_ms);
    void receive(std::size_t index);
    void send(Peer& peer, std::string_view bytes);
    void fail(std::string problem);
    void note(std::size_t index, const Stretch& stretch);

    const Options options_;
    int epoll_ = -1;
    std::vector<std::unique_ptr<Peer>> peers_;  // the reporter is the last
    std::vector<Watcher> book_;
    std::vector<ToldOrder> orders_;
    Volume all_;
    Volume some_;
    std::vector<char> buffer_;
    std::string reply_;
    std::size_t ready_ = 0;
    std::size_t opened_ = 0;
    TimePoint now_;        // when the bytes in hand were read
    TimePoint last_news_;  // when a stretch came
    std::optional<std::string> problem_;
    std::atomic<bool> stopping_{false};
    std::promise<void> all_ready_;
    bool told_ready_ = false;
    std::thread thread_;
};

}  // namespace onhand::bench::watch
