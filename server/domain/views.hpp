#pragma once
// What readers ask for and get: filters and pages. Questions are answered by the engine's read side (engine/queries,
// engine/stock_view); these are their plain values, known to storage and transport.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/changes.hpp"
#include "domain/outcome.hpp"

namespace onhand::domain {

inline constexpr std::int64_t page_limit_max = 500;
inline constexpr std::int64_t page_limit_default = 100;
inline constexpr std::int64_t page_offset_max = 10'000'000;

struct OrderFilter {
    std::optional<OrderStatus> status;
    std::string search;  // number, id, or words of reference and customer (prefixes, any case); empty = all
    std::optional<ProductId> product;
    std::optional<AccountId> placed_by;
    FeedSeq before = 0;  // only orders placed before this feed number; 0 = newest first from the end
    std::int64_t limit = page_limit_default;
    std::int64_t offset = 0;
};

struct OrderRow {
    Order order;
    FeedSeq placed_seq = 0;  // the cursor
};

struct OrderPage {
    std::vector<OrderRow> rows;  // newest first
    bool more = false;
    bool total_is_exact = true;  // false: counting them all would take long, there are at least so many
    std::int64_t total = 0;      // all that match, whatever the page
};

struct MovementFilter {
    std::optional<ProductId> product;
    std::optional<LocationId> location;
    std::optional<Uuid> order;
    std::optional<FeedSeq> after;  // when set: ascending, with a higher feed number; else newest first
    FeedSeq before = 0;            // newest first: only lower numbers; 0 = from the end
    std::int64_t limit = page_limit_default;
};

struct MovementPage {
    std::vector<Movement> rows;
    bool more = false;
};

struct FeedPage {
    std::vector<FeedItem> items;  // ascending, dense from after + 1
    FeedSeq head = 0;             // the highest number there is
    bool truncated = false;       // `after` lies before what is kept
};

}  // namespace onhand::domain
