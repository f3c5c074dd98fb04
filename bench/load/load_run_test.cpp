#include "load/load_run.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace onhand::bench {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A server that knows just enough: it answers the n-th request of all with what `reply` makes of n, and closes the
// connection when that is nothing. One thread per connection, all ended with it.
class FakeServer {
  public:
    using Reply = std::function<std::string(std::size_t number)>;

    explicit FakeServer(Reply reply)
        : reply_(std::move(reply)),
          acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
          accepting_([this] { accept(); }) {}

    ~FakeServer() {
        stopping_ = true;
        // A last connection wakes the acceptor up.
        asio::ip::tcp::socket last(io_);
        error_code ignored;
        last.connect(acceptor_.local_endpoint(), ignored);
        accepting_.join();
        serving_.clear();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::size_t requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    std::set<std::string> keys() {
        const std::lock_guard lock(mutex_);
        return keys_;
    }

  private:
    void accept() {
        while (true) {
            asio::ip::tcp::socket socket(io_);
            error_code error;
            acceptor_.accept(socket, error);
            if (stopping_ || error) return;
            serving_.emplace_back([this, peer = std::move(socket)]() mutable { serve(peer); });
        }
    }

    // Every request of the tool ends with an empty line (GET) or with the body's "]}".
    void serve(asio::ip::tcp::socket& socket) {
        std::string bytes;
        while (true) {
            std::array<char, 4096> piece{};
            error_code error;
            const auto count = socket.read_some(asio::buffer(piece), error);
            if (error) return;
            bytes.append(piece.data(), count);
            while (true) {
                const std::string_view mark = bytes.starts_with("GET") ? "\r\n\r\n" : "]}";
                const auto end = bytes.find(mark);
                if (end == std::string::npos) break;
                const auto answer = reply_(note(bytes.substr(0, end)));
                bytes.erase(0, end + mark.size());
                if (answer.empty()) return;
                asio::write(socket, asio::buffer(answer), error);
            }
        }
    }

    std::size_t note(const std::string& request) {
        const std::lock_guard lock(mutex_);
        const auto key = request.find("Idempotency-Key: ");
        if (key != std::string::npos) keys_.insert(request.substr(key, request.find("\r\n", key) - key));
        return requests_++;
    }

    Reply reply_;
    std::mutex mutex_;
    std::size_t requests_ = 0;
    std::set<std::string> keys_;
    std::atomic<bool> stopping_ = false;
    asio::io_context io_;
    asio::ip::tcp::acceptor acceptor_;
    std::vector<std::jthread> serving_;
    std::thread accepting_;
};

std::string answer(int status, std::string_view body = "{}") {
    return "HTTP/1.1 " + std::to_string(status) + " Reason\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

// A run of a tenth of a second.
Options short_run(const FakeServer& server) {
    Options options;
    options.port = server.port();
    options.connections = 4;
    options.warmup_s = 0.02;
    options.duration_s = 0.1;
    return options;
}

RunResult run(const Options& options) {
    LoadRun::Patience patience;
    patience.drain_s = 0.2;
    LoadRun load(options, "token", patience);
    return load.run();
}

TEST(LoadRun, counts_every_answer_and_every_unit) {
    FakeServer server([](std::size_t) { return answer(201); });
    auto options = short_run(server);
    options.quantity = 3;
    const auto result = run(options);
    EXPECT_EQ(result.first_error, "");
    EXPECT_GT(result.sent, 0U);
    EXPECT_EQ(result.sent, server.requests());
    EXPECT_EQ(result.accepted, result.sent);
    EXPECT_EQ(result.accepted_units, 3 * result.sent);
    EXPECT_EQ(result.statuses[201], result.sent);
    EXPECT_EQ(result.lost, 0U);
    EXPECT_EQ(server.keys().size(), result.sent);
    EXPECT_LE(result.latencies.count(), result.sent);
}

TEST(LoadRun, tells_short_stock_from_other_conflicts) {
    FakeServer server([](std::size_t number) {
        if (number % 3 == 0) return answer(409, R"({"code":"insufficient_stock"})");
        return number % 3 == 1 ? answer(409, R"({"code":"invalid_state"})") : answer(201);
    });
    auto options = short_run(server);
    options.connections = 1;
    const auto result = run(options);
    EXPECT_EQ(result.insufficient_stock, (result.sent + 2) / 3);
    EXPECT_EQ(result.statuses[409], result.insufficient_stock + (result.sent + 1) / 3);
    EXPECT_EQ(result.accepted, result.sent / 3);
}

TEST(LoadRun, keeps_several_requests_in_flight) {
    FakeServer server([](std::size_t) { return answer(200, std::string(3000, 'x')); });
    auto options = short_run(server);
    options.mode = Mode::get;
    options.pipeline = 16;
    const auto result = run(options);
    EXPECT_EQ(result.statuses[200], result.sent);
    EXPECT_EQ(result.sent, server.requests());
    EXPECT_EQ(result.body_bytes, 3000 * result.sent);
    EXPECT_GE(result.sent, 4 * 16U);
}

TEST(LoadRun, places_single_orders_with_a_pause) {
    FakeServer server([](std::size_t) { return answer(201); });
    auto options = short_run(server);
    options.mode = Mode::idle;
    options.connections = 1;
    options.pause_ms = 10.0;
    const auto result = run(options);
    EXPECT_GE(result.sent, 1U);
    // Twelve pauses fill the run, whatever the machine does.
    EXPECT_LE(result.sent, 13U);
    EXPECT_EQ(result.accepted, result.sent);
}

TEST(LoadRun, sends_at_the_wanted_rate) {
    FakeServer server([](std::size_t) { return answer(201); });
    auto options = short_run(server);
    options.rate = 1000.0;
    const auto result = run(options);
    // 20 are due in the warm-up and 100 in the measured time; each is sent or counted as not sent.
    EXPECT_GE(result.sent + result.unsent, 100U);
    EXPECT_EQ(result.latencies.count(), 100U);
    EXPECT_EQ(result.lost, 0U);
}

TEST(LoadRun, counts_the_wait_for_a_stalled_server) {
    constexpr std::chrono::milliseconds stall(60);
    FakeServer server([stall](std::size_t) {
        std::this_thread::sleep_for(stall);
        return answer(201);
    });
    auto options = short_run(server);
    options.connections = 1;
    options.warmup_s = 0.0;
    options.rate = 1000.0;
    const auto result = run(options);
    // At most two requests can be sent in 100 ms, yet all 100 that were due count, and most of them waited long.
    EXPECT_LE(result.sent, 2U);
    EXPECT_GE(result.unsent, 98U);
    EXPECT_EQ(result.latencies.count(), 100U);
    EXPECT_GE(result.latencies.percentile(90), 60'000U);
}

TEST(LoadRun, counts_what_a_closed_connection_loses) {
    FakeServer server([](std::size_t number) { return number < 10 ? answer(201) : std::string(); });
    auto options = short_run(server);
    options.connections = 1;
    const auto result = run(options);
    EXPECT_EQ(result.accepted, 10U);
    EXPECT_EQ(result.lost, 1U);
    EXPECT_NE(result.first_error, "");
}

TEST(LoadRun, goes_on_with_the_connections_that_are_left) {
    FakeServer server([](std::size_t number) { return number != 0 ? answer(201) : std::string(); });
    const auto result = run(short_run(server));
    EXPECT_EQ(result.lost, 1U);
    EXPECT_EQ(result.accepted, result.sent - 1);
    EXPECT_GE(result.accepted, 3U);
}

TEST(LoadRun, gives_up_on_answers_that_do_not_come) {
    // Half an answer each.
    FakeServer server([](std::size_t) { return std::string("HTTP/1.1 201 Created\r\n"); });
    const auto result = run(short_run(server));
    EXPECT_EQ(result.sent, 4U);
    EXPECT_EQ(result.lost, 4U);
    EXPECT_EQ(result.accepted, 0U);
}

TEST(LoadRun, ends_on_answers_that_cannot_be_read) {
    FakeServer server([](std::size_t) { return std::string("SMTP ready\r\n\r\n"); });
    const auto result = run(short_run(server));
    EXPECT_EQ(result.first_error, "an answer that cannot be read");
    EXPECT_EQ(result.lost, 4U);
}

TEST(LoadRun, ends_on_an_answer_too_many) {
    FakeServer server([](std::size_t) { return answer(201) + answer(201); });
    auto options = short_run(server);
    options.connections = 1;
    options.mode = Mode::idle;
    const auto result = run(options);
    EXPECT_EQ(result.first_error, "an answer that nobody asked for");
}

TEST(LoadRun, sends_no_more_after_an_announced_close) {
    FakeServer server([](std::size_t) {
        return std::string("HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    auto options = short_run(server);
    options.connections = 1;
    const auto result = run(options);
    EXPECT_EQ(result.first_error, "the server closes the connection");
    EXPECT_EQ(result.sent, 1U);
    EXPECT_EQ(result.accepted, 1U);
    EXPECT_EQ(result.lost, 0U);
}

TEST(LoadRun, says_when_it_cannot_connect) {
    Options options;
    {
        const FakeServer server([](std::size_t) { return std::string(); });
        options.port = server.port();
    }
    const auto result = run(options);
    EXPECT_EQ(result.sent, 0U);
    EXPECT_NE(result.first_error.find("cannot connect"), std::string::npos);
}

}  // namespace
}  // namespace onhand::bench
