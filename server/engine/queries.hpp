#pragma once
// Questions to the database, for the transport, which may not know storage: orders, movements, the feed, full product
// rows. Blocking: call it on the read pool, never on an io thread. Thread-safe. Stock levels come from stock_view.hpp.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/views.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

// The one thing that can go wrong when reading: the store does not answer.
struct ReadError {
    std::string detail;  // for the log, never for clients
};

class Queries {
  public:
    // `store` must outlive the queries.
    explicit Queries(storage::ReadStore& store) : store_(store) {}

    Result<std::optional<domain::OrderRow>, ReadError> order(const Uuid& id) const;
    Result<domain::OrderPage, ReadError> orders(const domain::OrderFilter& filter) const;
    Result<domain::MovementPage, ReadError> movements(const domain::MovementFilter& filter) const;
    Result<domain::FeedPage, ReadError> feed(domain::FeedSeq after, std::int64_t limit) const;
    Result<std::vector<domain::Product>, ReadError> products(std::span<const domain::ProductId> ids) const;
    Result<void, ReadError> ping() const;

  private:
    storage::ReadStore& store_;
};

}  // namespace onhand::engine
