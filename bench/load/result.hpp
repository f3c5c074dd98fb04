#pragma once
// What a run came to: how many requests had which end, and how long they took. Filled by LoadRun, printed by report.
// Counts cover the whole run, warm-up and tail included, so that they can be held against the database; rate and
// latencies cover the measured time only. Plain values.

#include <array>
#include <cstdint>
#include <string>

#include "load/histogram.hpp"

namespace onhand::bench {

struct RunResult {
    // The whole run.
    std::uint64_t sent = 0;
    std::array<std::uint64_t, 600> statuses{};  // answers by status
    std::uint64_t accepted = 0;                 // orders answered 201
    std::uint64_t accepted_units = 0;           // the units they asked for
    std::uint64_t insufficient_stock = 0;       // 409 because stock is short
    std::uint64_t lost = 0;                     // sent, and the connection ended or the run gave up waiting
    std::uint64_t body_bytes = 0;
    std::string first_error;  // why the first connection failed; empty = none did
    double tool_cpu_s = 0.0;  // processor time of the load generator

    // The measured time.
    double measured_s = 0.0;
    std::uint64_t measured_answers = 0;   // that arrived within it
    std::uint64_t measured_accepted = 0;  // of them the 201
    std::uint64_t unsent = 0;             // open loop: due, but no connection was free until the end
    Histogram latencies;  // of requests that were due within it, unsent ones with the time they had waited
    // From when a request was given to the network, without what it waited for a free connection.
    Histogram accepted_latencies;  // of those answered 201
    Histogram refused_latencies;   // and 503
};

}  // namespace onhand::bench
