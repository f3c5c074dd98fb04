#include "transport/http/system.hpp"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "base/text.hpp"
#include "transport/http/core_exchange.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Resident memory of this process in bytes, or 0 where it cannot be told.
double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    file >> total >> resident;
    return file ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0.0;
}

void add_value(std::vector<MetricFamily>& families, std::string name, std::string help, MetricType type, double value) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    ClientMetric metric;
    if (type == MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    family.metric.push_back(std::move(metric));
    families.push_back(std::move(family));
}

ClientMetric::Label label(std::string name, std::string value) {
    ClientMetric::Label made;
    made.name = std::move(name);
    made.value = std::move(value);
    return made;
}

// Method and path of a row of the counters.
std::pair<std::string, std::string> names_of(const Router& router, std::size_t row) {
    const auto rows = router.rows();
    if (row < rows.size()) return {std::string(rows[row].method), std::string(rows[row].path)};
    if (row == rows.size() + ExtraRows::page) return {"GET", "page"};
    if (row == rows.size() + ExtraRows::polling) return {"any", "socket.io"};
    return {"any", "none"};
}

// One row of all threads' counters added up.
struct RowSum {
    std::array<std::uint64_t, 5> by_class{};
    std::array<std::uint64_t, duration_bounds_s.size() + 1> by_duration{};
    std::uint64_t nanoseconds = 0;
    std::uint64_t count = 0;
};

RowSum sum_row(const ServerContext& context, std::size_t row) {
    RowSum sum;
    for (const auto* counters : context.counters) {
        const auto& cell = counters->cell(row);
        for (std::size_t i = 0; i < sum.by_class.size(); ++i) sum.by_class[i] += cell.by_class[i].load();
        for (std::size_t i = 0; i < sum.by_duration.size(); ++i) sum.by_duration[i] += cell.by_duration[i].load();
        sum.nanoseconds += cell.nanoseconds.load();
    }
    for (const auto value : sum.by_duration) sum.count += value;
    return sum;
}

ClientMetric histogram_of(const RowSum& sum) {
    ClientMetric metric;
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < sum.by_duration.size(); ++i) {
        cumulative += sum.by_duration[i];
        ClientMetric::Bucket bucket;
        bucket.cumulative_count = cumulative;
        bucket.upper_bound =
            i < duration_bounds_s.size() ? duration_bounds_s[i] : std::numeric_limits<double>::infinity();
        metric.histogram.bucket.push_back(bucket);
    }
    metric.histogram.sample_count = sum.count;
    metric.histogram.sample_sum = static_cast<double>(sum.nanoseconds) / 1e9;
    return metric;
}

void add_requests(std::vector<MetricFamily>& families, const ServerContext& context) {
    MetricFamily requests;
    requests.name = "onhand_http_requests_total";
    requests.help = "Requests answered, by route and class of status.";
    requests.type = MetricType::Counter;
    MetricFamily durations;
    durations.name = "onhand_http_request_duration_seconds";
    durations.help = "Time from the head of a request to its answer, by route.";
    durations.type = MetricType::Histogram;
    static constexpr std::array classes{"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t row = 0; row < context.router.rows().size() + ExtraRows::count; ++row) {
        const auto sum = sum_row(context, row);
        if (sum.count == 0) continue;
        const auto [method, path] = names_of(context.router, row);
        for (std::size_t i = 0; i < classes.size(); ++i) {
            if (sum.by_class[i] == 0) continue;
            ClientMetric metric;
            metric.counter.value = static_cast<double>(sum.by_class[i]);
            metric.label = {label("method", method), label("route", path), label("status", classes[i])};
            requests.metric.push_back(std::move(metric));
        }
        auto metric = histogram_of(sum);
        metric.label = {label("method", method), label("route", path)};
        durations.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(requests));
    families.push_back(std::move(durations));
}

void add_connections(std::vector<MetricFamily>& families, const ServerContext& context) {
    const auto& gauges = context.gauges;
    add_value(families, "onhand_http_connections", "Open HTTP connections.", MetricType::Gauge,
              static_cast<double>(gauges.connections.load()));
    add_value(families, "onhand_http_connections_accepted_total", "Connections accepted.", MetricType::Counter,
              static_cast<double>(gauges.accepted.load()));
    add_value(families, "onhand_http_connections_refused_total", "Connections turned away at the limit.",
              MetricType::Counter, static_cast<double>(gauges.turned_away.load()));
    add_value(families, "onhand_http_timeouts_total", "Connections and requests that took too long.",
              MetricType::Counter, static_cast<double>(gauges.timed_out.load()));
    add_value(families, "onhand_http_malformed_total", "Request heads refused.", MetricType::Counter,
              static_cast<double>(gauges.malformed.load()));
    add_value(families, "onhand_http_commands_waiting", "Commands that were given to the engine and not answered yet.",
              MetricType::Gauge, static_cast<double>(context.wait_limit.waiting()));
    add_value(families, "onhand_http_read_queue", "Questions that wait for the read pool.", MetricType::Gauge,
              static_cast<double>(context.read_pool.waiting()));
    add_value(families, "onhand_http_hash_queue", "Passwords that wait to be hashed.", MetricType::Gauge,
              static_cast<double>(context.hash_pool.waiting()));
    if (context.live == nullptr) return;
    const auto counts = context.live->counts();
    add_value(families, "onhand_socket_connections", "Live connections (Engine.IO sessions).", MetricType::Gauge,
              static_cast<double>(counts.sessions));
    add_value(families, "onhand_socket_websockets", "Live connections on a WebSocket.", MetricType::Gauge,
              static_cast<double>(counts.websockets));
    add_value(families, "onhand_socket_slow_closed_total", "Live connections closed for reading too slowly.",
              MetricType::Counter, static_cast<double>(counts.slow_closed));
}

// Whether Redis is there and answers; nullopt when none is configured.
std::optional<bool> redis_state(const ServerContext& context) {
    std::optional<bool> state;
    if (context.live != nullptr) state = context.live->cluster_connected();
    if (context.services.cluster == nullptr) return state;
    const auto stats = context.services.cluster->stats();
    if (!stats.redis_expected) return state;
    return state.value_or(true) && stats.redis_connected;
}

void add_cluster(std::vector<MetricFamily>& families, const ServerContext& context) {
    if (const auto redis = redis_state(context))
        add_value(families, "onhand_redis_connected", "1 while Redis is connected.", MetricType::Gauge, *redis ? 1 : 0);
    if (context.services.cluster == nullptr) return;
    const auto stats = context.services.cluster->stats();
    const auto counter = [&families](std::string name, std::string help, std::uint64_t value) {
        add_value(families, std::move(name), std::move(help), MetricType::Counter, static_cast<double>(value));
    };
    counter("onhand_relay_numbered_total", "Batches that this instance gave their feed numbers.", stats.relay.numbered);
    counter("onhand_relay_applied_total", "Batches of all instances brought up to date with.", stats.relay.applied);
    counter("onhand_relay_caught_up_total", "Batches read from the outbox because no message brought them.",
            stats.relay.caught_up);
    counter("onhand_relay_failures_total", "Questions of the relay that the database did not answer.",
            stats.relay.failures);
    if (!stats.locking) return;
    counter("onhand_locks_acquired_total", "Product locks taken.", stats.locks.acquired);
    counter("onhand_locks_refused_total", "Product locks that another instance had.", stats.locks.refused);
    counter("onhand_locks_handed_over_total", "Product locks given up because another instance waited.",
            stats.locks.handed_over);
    counter("onhand_locks_away_total", "Batches that went on without locks because Redis did not answer.",
            stats.locks.away);
}

void add_engine(std::vector<MetricFamily>& families, const engine::Stats& stats) {
    const auto counter = [&families](std::string name, std::string help, std::uint64_t value) {
        add_value(families, std::move(name), std::move(help), MetricType::Counter, static_cast<double>(value));
    };
    counter("onhand_engine_batches_total", "Transactions.", stats.batches);
    counter("onhand_engine_commands_total", "Commands judged, refusals included.", stats.commands);
    counter("onhand_orders_placed_total", "Orders placed.", stats.orders_placed);
    counter("onhand_engine_refusals_total", "Commands refused.", stats.refusals);
    counter("onhand_engine_replays_total", "Answers repeated from an idempotency key.", stats.replays);
    counter("onhand_engine_busy_total", "Commands turned away because the queue was full.", stats.busy);
    counter("onhand_engine_expired_total", "Commands past their deadline when taken.", stats.expired);
    counter("onhand_engine_conflicts_total", "Transactions judged again because another writer was in the way.",
            stats.conflicts);
    counter("onhand_engine_commits_failed_total", "Transactions that were not committed.", stats.commits_failed);
    counter("onhand_engine_commits_unknown_total", "Transactions whose fate was not known.", stats.commits_unknown);
    add_value(families, "onhand_engine_commit_seconds_total", "Time spent in commits.", MetricType::Counter,
              static_cast<double>(stats.commit_ns_total) / 1e9);
    add_value(families, "onhand_engine_queue_length", "Commands that wait.", MetricType::Gauge,
              static_cast<double>(stats.queue_length));
    add_value(families, "onhand_feed_head", "The highest number of the feed.", MetricType::Gauge,
              static_cast<double>(stats.head));
}

struct Check {
    std::string_view name;
    bool ok;
};

void reply_readiness(Exchange& exchange, bool database) {
    const auto& services = exchange.services();
    const auto stats = services.engine.stats();
    const Check checks[] = {
        {"database", database},
        {"engine", !services.engine.failed()},
        {"accepting", !services.engine.draining() && !core(exchange).context().draining.load()},
        {"queue", stats.queue_length <= ready_queue_max},
    };
    bool ready = true;
    std::string list;
    for (const auto& check : checks) {
        ready = ready && check.ok;
        if (!list.empty()) list += ',';
        append_json_string(list, check.name);
        list += check.ok ? ":\"ok\"" : ":\"failed\"";
    }
    // Without Redis instances hear of each other from the database, later, and queue for the same rows; other programs
    // do not reach the live clients. Everything is served and right.
    const auto redis = redis_state(core(exchange).context());
    if (redis) list += *redis ? ",\"redis\":\"ok\"" : ",\"redis\":\"degraded\"";
    std::string body = ready ? "{\"status\":\"ok\",\"checks\":{" : "{\"status\":\"unavailable\",\"checks\":{";
    body += list;
    body += "}}";
    if (!ready) exchange.add_header("Retry-After", "2");
    exchange.reply(ready ? 200 : 503, std::move(body));
}

}  // namespace

void health(Exchange& exchange) {
    exchange.reply(200, "{\"status\":\"ok\"}");
}

void readiness(Exchange& exchange) {
    exchange.read([](Exchange& given) { reply_readiness(given, static_cast<bool>(given.services().queries.ping())); });
}

void version(Exchange& exchange) {
    const auto& options = core(exchange).context().options;
    std::string body = "{\"name\":\"onhand\",\"version\":";
    append_json_string(body, options.version);
    body += ",\"commit\":";
    if (options.commit.empty()) {
        body += "null";
    } else {
        append_json_string(body, options.commit);
    }
    body += '}';
    exchange.reply(200, std::move(body));
}

void metrics(Exchange& exchange) {
    std::vector<MetricFamily> families;
    const auto& context = core(exchange).context();
    add_requests(families, context);
    add_connections(families, context);
    add_engine(families, context.services.engine.stats());
    add_cluster(families, context);
    add_value(families, "onhand_process_resident_bytes", "Resident memory.", MetricType::Gauge, resident_bytes());
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    exchange.reply(200, text.str(), "text/plain; version=0.0.4; charset=utf-8");
}

void openapi_json(Exchange& exchange) {
    exchange.reply(200, std::string(openapi_document()));
}

}  // namespace onhand::http
