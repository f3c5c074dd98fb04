#include "load/load_run.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "base/ensure.hpp"
#include "processor_time.hpp"

namespace onhand::bench {

using boost::system::error_code;

namespace {

std::chrono::nanoseconds nanoseconds_of(double seconds) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::uint64_t microseconds_between(TimePoint from, TimePoint to) {
    const auto span = std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
    return span < 0 ? 0 : static_cast<std::uint64_t>(span);
}

}  // namespace

// One thread runs the context, so its locks are left out.
LoadRun::LoadRun(const Options& options, const std::string& token, Patience patience)
    : options_(options),
      patience_(patience),
      source_(options, token),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      phase_timer_(io_),
      due_timer_(io_) {
    free_.reserve(options.connections * options.pipeline);
}

RunResult LoadRun::run() {
    ensure(connections_.empty(), "a run is run once");
    const auto cpu_before = processor_seconds();
    const Connection::Endpoint endpoint(boost::asio::ip::make_address(options_.host), options_.port);
    ConnectionOwner& owner = *this;
    for (std::size_t i = 0; i < options_.connections; ++i)
        connections_.emplace_back(io_.get_executor(), owner).connect(endpoint);
    phase_timer_.expires_after(nanoseconds_of(patience_.connect_s));
    phase_timer_.async_wait([this](error_code error) {
        if (error || phase_ != Phase::connecting) return;
        result_.first_error = "not all connections stood in time";
        end();
    });
    io_.run();
    result_.measured_s = options_.duration_s;
    result_.tool_cpu_s = processor_seconds() - cpu_before;
    return result_;
}

void LoadRun::connected(Connection&) {
    standing_ += 1;
    if (phase_ == Phase::connecting && standing_ == connections_.size()) begin();
}

void LoadRun::begin() {
    phase_ = Phase::sending;
    begin_ = Clock::now();
    measure_from_ = begin_ + nanoseconds_of(options_.warmup_s);
    measure_to_ = measure_from_ + nanoseconds_of(options_.duration_s);
    phase_timer_.expires_at(measure_to_);
    phase_timer_.async_wait([this](error_code error) {
        if (!error && phase_ == Phase::sending) stop_sending();
    });
    if (!is_open_loop()) {
        for (auto& connection : connections_) fill(connection);
        return;
    }
    for (std::size_t i = 0; i < options_.pipeline; ++i)
        for (auto& connection : connections_) free_.push_back(&connection);
    send_due();
}

void LoadRun::stop_sending() {
    if (is_open_loop()) {
        send_due();
        count_unsent();
    }
    phase_ = Phase::draining;
    due_timer_.cancel();
    phase_timer_.expires_after(nanoseconds_of(patience_.drain_s));
    phase_timer_.async_wait([this](error_code error) {
        if (!error) end();
    });
    end_when_drained();
}

// Requests that were due and never sent would be the slowest of all; leaving them out would flatter the server.
void LoadRun::count_unsent() {
    for (auto time = due_time(due_); time < measure_to_; time = due_time(++due_)) {
        if (!is_measured(time)) continue;
        result_.unsent += 1;
        result_.latencies.record(microseconds_between(time, measure_to_));
    }
}

void LoadRun::end_when_drained() {
    if (phase_ == Phase::draining && in_flight_ == 0) end();
}

void LoadRun::end() {
    phase_ = Phase::ended;
    result_.lost += in_flight_;
    in_flight_ = 0;
    phase_timer_.cancel();
    due_timer_.cancel();
    for (auto& connection : connections_) connection.close();
}

// Closed loop: as many requests as may be in flight.
void LoadRun::fill(Connection& connection) {
    if (connection.in_flight() == options_.pipeline) return;
    const auto now = Clock::now();
    while (connection.in_flight() < options_.pipeline) send(connection, now);
    connection.flush();
}

void LoadRun::send(Connection& connection, TimePoint start) {
    const auto units = source_.append_next(connection.out());
    connection.add(Sent{start, units, is_open_loop() ? Clock::now() : start});
    in_flight_ += 1;
    result_.sent += 1;
}

void LoadRun::pause(Connection& connection) {
    due_timer_.expires_after(nanoseconds_of(options_.pause_ms / 1e3));
    due_timer_.async_wait([this, &connection](error_code error) {
        if (!error && phase_ == Phase::sending) fill(connection);
    });
}

TimePoint LoadRun::due_time(std::uint64_t index) const {
    return begin_ + nanoseconds_of(static_cast<double>(index) / options_.rate);
}

// Open loop: sends what is due while there is a free connection. The one that was free first is taken.
void LoadRun::send_due() {
    const auto now = Clock::now();
    std::size_t used = 0;
    for (auto time = due_time(due_); time <= now && used < free_.size(); time = due_time(++due_)) {
        auto& connection = *free_[used++];
        send(connection, time);
        connection.flush();
    }
    free_.erase(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(used));
    // Without a free connection the next answer goes on.
    if (!free_.empty()) wait_for_due();
}

void LoadRun::wait_for_due() {
    if (std::exchange(due_timer_runs_, true)) return;
    due_timer_.expires_at(due_time(due_));
    due_timer_.async_wait([this](error_code error) {
        due_timer_runs_ = false;
        if (!error && phase_ == Phase::sending) send_due();
    });
}

void LoadRun::answered(Connection& connection, const Sent& sent, const Response& response) {
    const auto now = Clock::now();
    in_flight_ -= 1;
    result_.statuses[static_cast<std::size_t>(response.status)] += 1;
    result_.body_bytes += response.body.size();
    if (response.status == 201) {
        result_.accepted += 1;
        result_.accepted_units += sent.units;
    } else if (response.status == 409 && response.body.find("\"insufficient_stock\"") != std::string_view::npos) {
        result_.insufficient_stock += 1;
    }
    if (is_measured(now)) {
        result_.measured_answers += 1;
        if (response.status == 201) result_.measured_accepted += 1;
    }
    const auto on_the_way = microseconds_between(sent.written, now);
    if (is_measured(sent.written) && response.status == 201) result_.accepted_latencies.record(on_the_way);
    if (is_measured(sent.written) && response.status == 503) result_.refused_latencies.record(on_the_way);
    if (is_measured(sent.start)) result_.latencies.record(microseconds_between(sent.start, now));
    if (on_answer_) on_answer_(sent.start, response);
    if (is_open_loop()) free_.push_back(&connection);
}

void LoadRun::answers_end(Connection& connection) {
    if (phase_ == Phase::draining) return end_when_drained();
    if (phase_ != Phase::sending) return;
    if (options_.mode == Mode::idle) {
        if (connection.in_flight() == 0) pause(connection);
    } else if (is_open_loop()) {
        send_due();
    } else {
        fill(connection);
    }
}

void LoadRun::closed(Connection& connection, const std::string& reason) {
    if (phase_ == Phase::ended) return;
    if (result_.first_error.empty()) result_.first_error = reason;
    if (phase_ == Phase::connecting) return end();
    standing_ -= 1;
    result_.lost += connection.in_flight();
    in_flight_ -= connection.in_flight();
    std::erase(free_, &connection);
    if (standing_ == 0) return end();
    end_when_drained();
}

}  // namespace onhand::bench
