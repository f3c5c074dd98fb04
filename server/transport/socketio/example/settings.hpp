// The command line of the example server: "--name value" pairs.
#pragma once

#include <string>

#include "transport/socketio/options.hpp"

namespace example {

struct Settings {
    onhand::socketio::Options options;
    unsigned short port = 3000;
    unsigned io_threads = 1;
    std::string origin;  // when set, the only Origin that is let in
    std::string redis;   // when set, the Redis that joins several servers to a cluster
};

// Throws std::invalid_argument for an unknown name or a value that is no number where one is needed.
Settings read_settings(int argc, char** argv);

// The names, for people.
std::string usage();

}  // namespace example
