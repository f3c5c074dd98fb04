#pragma once
// Prints what a run came to: one readable line, or one JSON object for bench/run. Pure; called by main.

#include <string>

#include "load/options.hpp"
#include "load/result.hpp"

namespace onhand::bench {

// One line, without the line end.
std::string text_report(const Options& options, const RunResult& result);
// One JSON object on one line. Latencies are in microseconds.
std::string json_report(const Options& options, const RunResult& result);
// 0 when nothing was lost, every due request was sent and some answer was a success (2xx), else 1.
int exit_code_of(const RunResult& result);

}  // namespace onhand::bench
