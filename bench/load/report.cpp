#include "load/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace onhand::bench {
namespace {

std::string_view name_of(Mode mode) {
    switch (mode) {
        case Mode::orders:
            return "orders";
        case Mode::get:
            return "get";
        case Mode::idle:
            return "idle";
    }
    return "";
}

double rate_of(std::uint64_t answers, const RunResult& result) {
    return result.measured_s > 0.0 ? static_cast<double>(answers) / result.measured_s : 0.0;
}

double tool_cpu_us(const RunResult& result) {
    return result.sent == 0 ? 0.0 : result.tool_cpu_s * 1e6 / static_cast<double>(result.sent);
}

boost::json::object latency_of(const Histogram& latencies) {
    return {
        {"count", latencies.count()},      {"mean", latencies.mean()},        {"p50", latencies.percentile(50)},
        {"p90", latencies.percentile(90)}, {"p99", latencies.percentile(99)}, {"p999", latencies.percentile(99.9)},
        {"max", latencies.max()},
    };
}

}  // namespace

std::string text_report(const Options& options, const RunResult& result) {
    const auto ms = [](std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e3; };
    const auto& latencies = result.latencies;
    auto text = fmt::format(
        "{} {} connections: {:.0f}/s  p50 {:.3f} ms  p90 {:.3f}  p99 {:.3f}  p99.9 {:.3f}  max {:.3f} ",
        options.label.empty() ? name_of(options.mode) : options.label, options.connections,
        rate_of(result.measured_answers, result), ms(latencies.percentile(50)), ms(latencies.percentile(90)),
        ms(latencies.percentile(99)), ms(latencies.percentile(99.9)), ms(latencies.max()));
    for (std::size_t status = 0; status < result.statuses.size(); ++status)
        if (result.statuses[status] > 0) text += fmt::format(" {}: {}", status, result.statuses[status]);
    if (result.insufficient_stock > 0) text += fmt::format(" short: {}", result.insufficient_stock);
    if (result.lost > 0) text += fmt::format(" LOST: {}", result.lost);
    if (result.unsent > 0) text += fmt::format(" UNSENT: {}", result.unsent);
    text += fmt::format("  (tool {:.1f} us each)", tool_cpu_us(result));
    if (!result.first_error.empty()) text += "  " + result.first_error;
    return text;
}

std::string json_report(const Options& options, const RunResult& result) {
    boost::json::object statuses;
    for (std::size_t status = 0; status < result.statuses.size(); ++status)
        if (result.statuses[status] > 0) statuses[std::to_string(status)] = result.statuses[status];
    const boost::json::object all{
        {"label", options.label},
        {"mode", name_of(options.mode)},
        {"connections", options.connections},
        {"pipeline", options.pipeline},
        {"rate_wanted", options.rate},
        {"measured_s", result.measured_s},
        {"requests_per_second", rate_of(result.measured_answers, result)},
        {"accepted_per_second", rate_of(result.measured_accepted, result)},
        {"latency_us", latency_of(result.latencies)},
        {"accepted_latency_us", latency_of(result.accepted_latencies)},
        {"refused_latency_us", latency_of(result.refused_latencies)},
        {"unsent", result.unsent},
        {"sent", result.sent},
        {"statuses", statuses},
        {"accepted", result.accepted},
        {"accepted_units", result.accepted_units},
        {"insufficient_stock", result.insufficient_stock},
        {"lost", result.lost},
        {"body_bytes", result.body_bytes},
        {"tool_cpu_us_per_request", tool_cpu_us(result)},
        {"first_error", result.first_error},
    };
    return boost::json::serialize(all);
}

int exit_code_of(const RunResult& result) {
    const auto good = std::any_of(result.statuses.begin() + 200, result.statuses.begin() + 300,
                                  [](std::uint64_t count) { return count > 0; });
    return good && result.lost == 0 && result.unsent == 0 && result.first_error.empty() ? 0 : 1;
}

}  // namespace onhand::bench
