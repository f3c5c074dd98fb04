#pragma once
// Changes: what a batch of accepted commands writes. decide() appends; the store writes all of it in one transaction
// and gives the feed items their numbers: items[i].seq = first + i. Plain values; one thread at a time.

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/movement.hpp"
#include "domain/order.hpp"

namespace onhand::domain {

// BLAKE2b-128 of account and idempotency key; nil when a command has none.
using KeyHash = std::array<std::uint8_t, 16>;
// BLAKE2b-128 of what was asked: method, path and body.
using Fingerprint = std::array<std::uint8_t, 16>;

struct OrderEvent {
    FeedSeq seq = 0;
    enum class Kind : std::uint8_t { placed = 0, fulfilled = 1, cancelled = 2 } kind = Kind::placed;
    Order order;  // as it is after the event
    AccountId actor{};
    KeyHash key{};  // of the request that placed it; nil otherwise
    Fingerprint fingerprint{};
};

struct ProductEvent {
    FeedSeq seq = 0;
    enum class Kind : std::uint8_t { created = 0, updated = 1, archived = 2 } kind = Kind::created;
    Product product;
    AccountId actor{};
};

struct LocationEvent {
    FeedSeq seq = 0;
    Location location;
    AccountId actor{};
};

// One numbered change, in the order of judging. A command's movements come before its order event.
using FeedItem = std::variant<Movement, OrderEvent, ProductEvent, LocationEvent>;

FeedSeq seq_of(const FeedItem& item);
void set_seq(FeedItem& item, FeedSeq seq);
UnixMillis time_of(const FeedItem& item);

// The stored answer of a command that had an idempotency key and did not place an order: refusals included.
struct StoredAnswer {
    KeyHash key{};
    Fingerprint fingerprint{};
    UnixMillis at = 0;
    std::int32_t status = 0;  // HTTP status
    std::string body;         // bytes as they were sent; the engine does not look inside
};

// A new, changed or ended session.
struct SessionChange {
    Session session;
    bool ended = false;
};

struct Changes {
    std::vector<FeedItem> items;
    // The touched rows, each once, in their final state. `levels` holds every level that changed or was created.
    std::unordered_map<LevelKey, StockLevel> levels;
    std::vector<Account> accounts;             // created or changed; the last one of an id counts
    std::vector<SessionChange> sessions;       // in order
    std::vector<AccountId> sessions_ended_of;  // accounts whose sessions all end (after `sessions`)
    std::vector<StoredAnswer> answers;

    bool empty() const {
        return items.empty() && levels.empty() && accounts.empty() && sessions.empty() && sessions_ended_of.empty() &&
               answers.empty();
    }
};

}  // namespace onhand::domain
