// onhand-watch: see options.hpp for what it can do, or --help. Prints one line of JSON.

#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "load/load_run.hpp"
#include "load/report.hpp"
#include "watch/delivery.hpp"
#include "watch/options.hpp"
#include "watch/watchers.hpp"

namespace {

namespace bench = onhand::bench;
namespace watch = onhand::bench::watch;

constexpr int usage_error = 2;
constexpr int failure = 1;

struct AcceptedOrder {
    std::int64_t number = 0;
    bench::TimePoint sent;
};

int fail(int code, const std::string& line) {
    std::fprintf(stderr, "onhand-watch: %s\n", line.c_str());
    return code;
}

// The number of the order in the body of a 201.
std::int64_t number_in(std::string_view body) {
    constexpr std::string_view name = "\"number\":";
    std::int64_t number = 0;
    const auto at = body.find(name);
    if (at != std::string_view::npos)
        std::from_chars(body.data() + at + name.size(), body.data() + body.size(), number);
    return number;
}

// What the clients of one kind got.
boost::json::object told(const watch::DeliveryBook& book, const watch::Watchers& watchers, bool all,
                         const watch::Options& options) {
    const auto first = all ? 0 : options.all;
    const auto count = all ? options.all : options.some;
    watch::Deliveries deliveries;
    for (auto i = first; i < first + count; ++i) book.add(watchers.watchers()[i], deliveries);
    const auto& volume = watchers.volume(all);
    const auto& latencies = deliveries.latencies;
    const auto seconds = options.orders.warmup_s + options.orders.duration_s;
    const auto per_client = [&](std::uint64_t value) {
        return count == 0 ? 0.0 : static_cast<double>(value) / static_cast<double>(count) / seconds;
    };
    const auto share = [](std::uint64_t above, std::uint64_t below) {
        return below == 0 ? 0.0 : static_cast<double>(above) / static_cast<double>(below);
    };
    const auto envelope = share(volume.envelope_bytes, volume.events);
    const auto change = share(volume.sample_change_bytes, volume.sample_changes);
    const auto orders_each =
        count == 0 ? 0.0
                   : static_cast<double>(latencies.count()) / static_cast<double>(count) / options.orders.duration_s;
    return {{"clients", count},
            {"deliveries", latencies.count()},
            {"missed", deliveries.missed},
            {"p50_us", latencies.percentile(50)},
            {"p99_us", latencies.percentile(99)},
            {"p999_us", latencies.percentile(99.9)},
            {"max_us", latencies.max()},
            {"worst_client_p99_us", deliveries.worst_p99},
            {"events_per_second", per_client(volume.events)},
            {"changes_per_event", share(volume.sample_changes, volume.sample_events)},
            {"bytes_per_second", per_client(volume.bytes)},
            // As if each change came alone.
            {"bytes_per_second_unmerged", orders_each * (envelope + change)}};
}

int measure(const watch::Options& options) {
    watch::Watchers watchers(options);
    if (const auto problem = watchers.start()) return fail(failure, *problem);
    std::vector<AcceptedOrder> accepted;
    bench::LoadRun run(options.orders, options.orders.token, bench::LoadRun::Patience());
    run.on_answer([&accepted](bench::TimePoint sent, const bench::Response& response) {
        if (response.status == 201) accepted.push_back({number_in(response.body), sent});
    });
    const auto result = run.run();
    if (const auto problem = watchers.stop()) return fail(failure, *problem);
    watch::DeliveryBook book(run.measure_from(), run.measure_to());
    for (const auto& order : accepted) book.sent(order.number, order.sent);
    for (const auto& order : watchers.orders()) book.told(order);
    const auto untold = book.close();
    const boost::json::object report{
        {"orders", boost::json::parse(bench::json_report(options.orders, result))},
        {"counted_orders", book.counted()},
        {"untold_orders", untold},
        {"all", told(book, watchers, true, options)},
        {"some", told(book, watchers, false, options)},
    };
    std::puts(boost::json::serialize(report).c_str());
    return bench::exit_code_of(result);
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    const auto options = watch::parse_options(arguments);
    if (!options) return fail(usage_error, options.error());
    if (options->help) {
        std::fputs(watch::usage().c_str(), stdout);
        return 0;
    }
    return measure(*options);
}
