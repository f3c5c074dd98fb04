#pragma once
// `onhand serve`: everything put together in one place, started, watched and stopped in order. The only file beside
// core.cpp that names concrete adapters. Main thread.

#include <string>

#include "app/config.hpp"

namespace onhand::app {

// Serves until SIGTERM or SIGINT, then drains. Returns the exit code: 0 after a stop that was asked for, 1 when the
// process had to give up, 2 when the start was refused (with one line on stderr).
int serve(const Config& config);

// The folder of the running program.
std::string program_folder();

}  // namespace onhand::app
