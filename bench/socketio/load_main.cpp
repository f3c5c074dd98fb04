// onhand-sio-load: see load.hpp for what it does, or --help.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/load.hpp"
#include "socketio/options.hpp"

namespace {

constexpr int usage_error = 2;
constexpr int failure = 1;

int fail(int code, const std::string& line) {
    std::fprintf(stderr, "onhand-sio-load: %s\n", line.c_str());
    return code;
}

}  // namespace

int main(int count, char** values) {
    namespace bench = onhand::bench::socketio;
    const std::vector<std::string_view> arguments(values + 1, values + count);
    const auto options = bench::parse_load_options(arguments);
    if (!options) return fail(usage_error, options.error());
    if (options->help) {
        std::fputs(bench::load_usage().c_str(), stdout);
        return 0;
    }
    bench::Load load(*options);
    const auto problem = load.run();
    return problem ? fail(failure, *problem) : 0;
}
