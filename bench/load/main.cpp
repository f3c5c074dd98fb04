// onhand-load: see options.hpp for what it can do, or --help.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "load/load_run.hpp"
#include "load/login.hpp"
#include "load/options.hpp"
#include "load/report.hpp"
#include "socketio/file_limit.hpp"

namespace {

constexpr int usage_error = 2;
constexpr int failure = 1;

int fail(int code, const std::string& line) {
    std::fprintf(stderr, "onhand-load: %s\n", line.c_str());
    return code;
}

}  // namespace

int main(int count, char** values) {
    namespace bench = onhand::bench;
    const std::vector<std::string_view> arguments(values + 1, values + count);
    const auto options = bench::parse_options(arguments);
    if (!options) return fail(usage_error, options.error());
    if (options->help) {
        std::fputs(bench::usage().c_str(), stdout);
        return 0;
    }
    auto token = options->token;
    if (!options->email.empty()) {
        const auto signed_in = bench::sign_in(*options);
        if (!signed_in) return fail(failure, signed_in.error());
        token = *signed_in;
    }
    bench::socketio::raise_file_limit();
    bench::LoadRun run(*options, token, bench::LoadRun::Patience());
    const auto result = run.run();
    const auto report = options->json ? bench::json_report(*options, result) : bench::text_report(*options, result);
    std::puts(report.c_str());
    return bench::exit_code_of(result);
}
