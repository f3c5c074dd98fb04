#pragma once
// One run of the load generator, from the first connection to the last answer, on the thread that calls run().
// Closed loop: every connection sends the next request as soon as it has an answer. Open loop: requests are due at
// fixed times; one that finds no free connection waits, and its latency counts from when it was due, so a slow server
// cannot hide behind requests that were never sent. Ends by itself: at the end of the time, or when no connection is
// left.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "load/connection.hpp"
#include "load/options.hpp"
#include "load/request_source.hpp"
#include "load/result.hpp"

namespace onhand::bench {

class LoadRun final : private ConnectionOwner {
  public:
    // How long a run waits for a server that does not answer.
    struct Patience {
        double connect_s = 10.0;  // until all connections must stand
        double drain_s = 10.0;    // for late answers at the end
    };

    LoadRun(const Options& options, const std::string& token, Patience patience);

    // Called with each answer that came and when its request was sent (open loop: was due); before run() only.
    using AnswerSeen = std::function<void(TimePoint sent, const Response& response)>;
    void on_answer(AnswerSeen callback) { on_answer_ = std::move(callback); }

    // To be called once.
    RunResult run();

    // The measured time; after run().
    TimePoint measure_from() const { return measure_from_; }
    TimePoint measure_to() const { return measure_to_; }

  private:
    using Clock = std::chrono::steady_clock;
    using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Connection::Executor>;
    enum class Phase { connecting, sending, draining, ended };

    void connected(Connection& connection) override;
    void answered(Connection& connection, const Sent& sent, const Response& response) override;
    void answers_end(Connection& connection) override;
    void closed(Connection& connection, const std::string& reason) override;

    void begin();
    void stop_sending();
    void end();
    void end_when_drained();
    void fill(Connection& connection);
    void send(Connection& connection, TimePoint start);
    void pause(Connection& connection);
    void send_due();
    void wait_for_due();
    void count_unsent();
    bool is_open_loop() const { return options_.rate > 0.0; }
    bool is_measured(TimePoint time) const { return time >= measure_from_ && time < measure_to_; }
    TimePoint due_time(std::uint64_t index) const;

    const Options options_;
    const Patience patience_;
    RequestSource source_;
    RunResult result_;
    AnswerSeen on_answer_;
    boost::asio::io_context io_;
    Timer phase_timer_;  // ends the phase in hand
    Timer due_timer_;    // open loop: the next due request; mode idle: the end of the pause
    std::deque<Connection> connections_;
    std::vector<Connection*> free_;  // open loop: may take a request now; one entry per request
    Phase phase_ = Phase::connecting;
    bool due_timer_runs_ = false;
    std::size_t standing_ = 0;  // connections that are open
    std::uint64_t in_flight_ = 0;
    std::uint64_t due_ = 0;  // open loop: requests that were sent, so the number of the next
    TimePoint begin_;
    TimePoint measure_from_;
    TimePoint measure_to_;
};

}  // namespace onhand::bench
