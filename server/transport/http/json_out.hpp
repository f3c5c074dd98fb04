#pragma once
// The JSON of the API, appended to a string by hand: levels, orders, movements, products, locations, feed items. Used
// by the HTTP handlers, by answers stored under an idempotency key and by the live feed. Pure: nothing is looked up
// but the unchanging public ids of accounts. Any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "domain/changes.hpp"
#include "domain/outcome.hpp"
#include "engine/account_book.hpp"
#include "engine/stock_view.hpp"
#include "transport/http/exchange.hpp"

namespace onhand::http {

// {"sku",…,"updated_at"}: a stock level as in the contract.
void append_level(std::string& out, const domain::LevelView& view);
// A level as the live feed tells it: one entry of the `changes` of stock.changed.
void append_change(std::string& out, domain::FeedSeq seq, std::string_view sku, std::string_view location,
                   const domain::StockLevel& level);
void append_order(std::string& out, const domain::Order& order, const engine::AccountBook& accounts);
// A row of the ledger. `seq` is null while the movement has no number yet (in the answer to the request that made it).
void append_movement(std::string& out, const domain::Movement& movement, std::string_view sku,
                     std::string_view location, const engine::AccountBook& accounts);
void append_product(std::string& out, const domain::Product& product);
void append_location(std::string& out, const domain::Location& location);
// One numbered item. `names` are those of a movement's level; unused for other items.
void append_feed_item(std::string& out, const domain::FeedItem& item, const engine::StockView::Names& names,
                      const engine::AccountBook& accounts);
// "order.placed", "product.updated", "stock.changed" …: the kind of a feed item.
std::string_view kind_of(const domain::FeedItem& item);

// When the outcome is a refusal, renders it as a problem and returns true. For RenderOutcome functions.
bool render_refusal(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                    std::string& body);

}  // namespace onhand::http
