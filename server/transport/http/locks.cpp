#include "base/text.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

void append_lock(std::string& body, const bus::LockView& lock) {
    body += "{\"sku\":";
    append_json_string(body, lock.sku);
    body += ",\"owner\":";
    append_json_string(body, lock.owner);
    body += ",\"held_ms\":" + std::to_string(lock.held_ms);
    body += ",\"lease_left_ms\":" + std::to_string(lock.lease_left_ms);
    body += ",\"waiting\":[";
    for (std::size_t i = 0; i < lock.waiting.size(); ++i) {
        if (i > 0) body += ',';
        append_json_string(body, lock.waiting[i]);
    }
    body += "]}";
}

void reply_locks(Exchange& exchange, std::size_t limit) {
    auto* const cluster = exchange.services().cluster;
    const auto stats = cluster != nullptr ? cluster->stats() : engine::ClusterStats{};
    const auto held = cluster != nullptr ? cluster->held_locks(limit) : std::vector<bus::LockView>{};
    std::string body = "{\"mode\":";
    append_json_string(body, stats.locking ? (stats.redis_connected ? "redis" : "degraded") : "none");
    body += ",\"items\":[";
    for (std::size_t i = 0; i < held.size(); ++i) {
        if (i > 0) body += ',';
        append_lock(body, held[i]);
    }
    body += "],\"totals\":{\"acquired\":" + std::to_string(stats.locks.acquired);
    body += ",\"refused\":" + std::to_string(stats.locks.refused);
    body += ",\"handed_over\":" + std::to_string(stats.locks.handed_over);
    body += ",\"away\":" + std::to_string(stats.locks.away) + "}}";
    exchange.reply(200, std::move(body));
}

}  // namespace

void list_locks(Exchange& exchange) {
    ListQuery list(exchange);
    const auto limit = list.integer("limit", 1, domain::page_limit_max).value_or(domain::page_limit_default);
    if (list.refuse_if_wrong()) return;
    exchange.read([limit](Exchange& given) { reply_locks(given, static_cast<std::size_t>(limit)); });
}

}  // namespace onhand::http
