#pragma once
// A server that speaks the protocol of Redis just well enough to answer wrongly, half or not at all. For tests only.

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace onhand::bus::redis {

class FakeRedis {
  public:
    // What to send for a command, whose name is given in capitals. An empty answer is silence.
    using Answer = std::function<std::string(std::string_view command)>;

    // Listens on a free port of 127.0.0.1; serves connections one at a time per thread of its own.
    explicit FakeRedis(Answer answer);
    ~FakeRedis();
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    int port() const { return port_; }
    // How often `command` came so far.
    int count(std::string_view command) const;
    int connections() const { return connections_; }

    // An answer that ends the connection after it was sent.
    static std::string and_close(std::string answer) { return std::move(answer) + std::string(closing_mark); }

    // An answer that is sent byte by byte, with 2 ms between them.
    static std::string in_drops(std::string answer) { return std::move(answer) + std::string(dropping_mark); }

  private:
    static constexpr std::string_view dropping_mark =
        "\x01"
        "drops";
    static constexpr std::string_view closing_mark =
        "\x01"
        "close";

    void accept_all();
    void serve(int socket);
    bool answer_to(int socket, std::string_view command);
    void send_drops(int socket, std::string_view answer);

    const Answer answer_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> commands_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace onhand::bus::redis
