#include "engine/queries.hpp"

#include <utility>

#include "base/log.hpp"

namespace onhand::engine {

namespace {

// Logs what the store said and keeps only that reading failed.
template <class T>
Result<T, ReadError> told(Result<T, storage::StoreError> result) {
    if (result) {
        if constexpr (std::is_void_v<T>)
            return {};
        else
            return std::move(*result);
    }
    log::error("queries", result.error().detail);
    return ReadError{std::move(result.error().detail)};
}

}  // namespace

Result<std::optional<domain::OrderRow>, ReadError> Queries::order(const Uuid& id) const {
    return told(store_.order(id));
}

Result<domain::OrderPage, ReadError> Queries::orders(const domain::OrderFilter& filter) const {
    return told(store_.orders(filter));
}

Result<domain::MovementPage, ReadError> Queries::movements(const domain::MovementFilter& filter) const {
    return told(store_.movements(filter));
}

Result<domain::FeedPage, ReadError> Queries::feed(domain::FeedSeq after, std::int64_t limit) const {
    return told(store_.feed(after, limit));
}

Result<std::vector<domain::Product>, ReadError> Queries::products(std::span<const domain::ProductId> ids) const {
    return told(store_.products(ids));
}

Result<void, ReadError> Queries::ping() const {
    return told(store_.ping());
}

}  // namespace onhand::engine
