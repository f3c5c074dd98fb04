#pragma once
// What one client of the live feed wants to hear: the arguments of `subscribe` and `watch`, checked, and the question
// whether a change of a level concerns it. Without sockets; used on the client's io thread.

#include <algorithm>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/sort_unique.hpp"
#include "domain/ids.hpp"
#include "engine/stock_view.hpp"

namespace onhand::live {

// Rows that one client may name in a subscription or watch at once.
inline constexpr std::size_t keys_max = 2000;

// A few rows, sorted: gone through for every client in every round, so they lie together in memory.
class KeySet {
  public:
    KeySet() = default;
    KeySet(std::initializer_list<domain::LevelKey> keys) : KeySet(std::vector<domain::LevelKey>(keys)) {}
    explicit KeySet(std::vector<domain::LevelKey> keys) : keys_(std::move(keys)) {
        sort_unique(keys_);
        keys_.shrink_to_fit();
    }

    bool contains(domain::LevelKey key) const { return std::ranges::binary_search(keys_, key); }
    bool empty() const { return keys_.empty(); }
    std::size_t size() const { return keys_.size(); }
    auto begin() const { return keys_.begin(); }
    auto end() const { return keys_.end(); }
    bool operator==(const KeySet&) const = default;

  private:
    std::vector<domain::LevelKey> keys_;
};

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
