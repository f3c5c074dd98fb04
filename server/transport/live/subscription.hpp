#pragma once
// What one client of the live feed wants to hear: the arguments of `subscribe` and `watch`, checked, and the question
// whether a change of a level concerns it. Without sockets; used on the client's io thread.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/result.hpp"
#include "domain/ids.hpp"
#include "engine/stock_view.hpp"

namespace onhand::live {

// Rows that one client may name in a subscription or watch at once.
inline constexpr std::size_t keys_max = 2000;

using KeySet = std::unordered_set<domain::LevelKey>;

struct Subscription {
    enum class Stock { none, all, location, keys };
    Stock stock = Stock::none;
    domain::LocationId location{};  // for Stock::location
    KeySet keys;                    // for Stock::keys
    bool orders = false;
    std::optional<domain::FeedSeq> after;  // resume behind this feed number
};

// Reads the argument of `subscribe`. Rows and locations that do not exist are no error: nothing will be heard of them.
// The error is one sentence for the developer of the client.
Result<Subscription, std::string> read_subscription(const boost::json::value* argument, const engine::StockView& stock);

// Reads the argument of `watch`.
Result<KeySet, std::string> read_watch(const boost::json::value* argument, const engine::StockView& stock);

// True when a change of `key` is to be told, given the rows on the client's screen.
bool concerns(const Subscription& subscription, const KeySet& watched, domain::LevelKey key);

}  // namespace onhand::live
