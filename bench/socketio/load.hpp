#pragma once
// A run of the load client: opens all clients, then carries out the commands that come on standard input, each with one
// line of JSON on standard output. One thread, one epoll, one read buffer for all sockets. Used once, by load_main.
//
// To have more clients than one address has free ports, client number n comes from the address 127.0.0.(2 + n / 10000).
// Without progress for LoadOptions::patience_s the run ends with an error; so does the loss of any client.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/load_client.hpp"
#include "socketio/options.hpp"

namespace onhand::bench::socketio {

class Load {
  public:
    explicit Load(const LoadOptions& options);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    // Until "quit", the end of the input or a failure. Returns one line for the user when it failed.
    std::optional<std::string> run();

  private:
    using Clock = std::chrono::steady_clock;

    struct Peer {
        int descriptor = -1;
        bool connecting = false;
        LoadClient client;
    };

    // What is being done, beside answering pings.
    enum class Task : unsigned char { none, connect, broadcast, ack };

    bool set_up();
    void open_more();
    bool open(std::size_t index);
    void on_event(std::size_t index, unsigned events);
    void on_connected(std::size_t index);
    void receive(std::size_t index);
    void send(std::size_t index, std::string_view bytes);
    void read_commands();
    void obey(std::string_view line);
    void begin(Task task, std::uint64_t rounds, std::uint64_t burst);
    void ask_for_round();
    void advance();
    void report();
    void nap() const;
    bool patient();
    void fail(std::string problem);

    LoadOptions options_;
    int epoll_ = -1;
    std::vector<Peer> peers_;
    std::vector<char> buffer_;
    std::string reply_;
    std::string commands_;  // input that is not a whole line yet
    Counts counts_;
    std::optional<std::string> problem_;
    std::size_t opened_ = 0;
    bool finished_ = false;

    Task task_ = Task::none;
    std::uint64_t rounds_ = 0;  // of the task
    std::uint64_t rounds_done_ = 0;
    std::uint64_t burst_ = 1;       // events of one round
    std::uint64_t round_goal_ = 0;  // the count that ends the round
    Counts counts_before_;          // when the task began
    Clock::time_point began_;
    double cpu_before_s_ = 0.0;
    Clock::time_point progress_at_;
    std::uint64_t progress_ = 0;  // changes with every progress
};

}  // namespace onhand::bench::socketio
