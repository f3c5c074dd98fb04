// The numbered feed, for whoever keeps a copy: everything after a number, dense and ascending.

#include <utility>

#include "base/text.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

namespace {

// The names behind each item; empty ones for items that are no movement.
std::vector<engine::StockView::Names> names_behind(const engine::StockView& stock,
                                                   const std::vector<domain::FeedItem>& items) {
    std::vector<domain::LevelKey> keys;
    keys.reserve(items.size());
    for (const auto& item : items) {
        const auto* const movement = std::get_if<domain::Movement>(&item);
        keys.push_back(movement != nullptr ? movement->after.key : domain::LevelKey{});
    }
    return stock.names(keys);
}

void reply_feed(Exchange& exchange, domain::FeedSeq after, std::int64_t limit) {
    const auto page = exchange.services().queries.feed(after, limit);
    if (!page) return reply_unreadable(exchange, page.error());
    if (page->truncated) {
        Problem problem;
        problem.status = 410;
        problem.code = "feed_truncated";
        problem.detail = "The feed no longer goes back that far. Read the lists again and go on from their head.";
        return exchange.problem(problem);
    }
    const auto names = names_behind(exchange.services().stock, page->items);
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < page->items.size(); ++i) {
        if (i > 0) body += ',';
        append_feed_item(body, page->items[i], names[i], exchange.services().accounts);
    }
    body += "],\"head\":";
    append_int(body, page->head);
    body += '}';
    exchange.reply(200, std::move(body));
}

}  // namespace

void read_feed(Exchange& exchange) {
    ListQuery list(exchange);
    const auto after = list.integer("after", 0, INT64_MAX).value_or(0);
    const auto limit = list.integer("limit", 1, domain::page_limit_max).value_or(domain::page_limit_default);
    if (list.refuse_if_wrong()) return;
    exchange.read([after, limit](Exchange& reader) { reply_feed(reader, after, limit); });
}

}  // namespace onhand::http
