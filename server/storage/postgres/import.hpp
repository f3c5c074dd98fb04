#pragma once
// Fills an empty database with everything another store holds, in one transaction: nobody sees any of it before
// commit(), and without commit() nothing stays. For moving from one store to another; one thread, blocking. What it
// writes is numbered already, so the relay has nothing to do with it.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "storage/check.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// The next free number of each kind.
struct NextNumbers {
    std::int64_t product = 1;
    std::int64_t location = 2;
    std::int64_t account = 1;
    std::int64_t order = 1001;
};

class Import {
  public:
    // Connects, checks the server, migrates, locks the tables and begins. Refused when the database holds anything but
    // the location that is there from the start, or when an instance is connected to it.
    static Result<std::unique_ptr<Import>, StoreError> begin(const std::string& url, UnixMillis now);
    ~Import();
    Import(const Import&) = delete;
    Import& operator=(const Import&) = delete;

    // All accounts and their sessions, before the first items.
    Result<void, StoreError> add_accounts(std::span<const domain::Account> accounts,
                                          std::span<const domain::Session> sessions);
    // The next items of the feed, with the numbers they have. One row of the outbox each time.
    Result<void, StoreError> add_items(std::vector<domain::FeedItem> items);
    // Any number of answers. Keys of placed orders come with their items.
    Result<void, StoreError> add_answers(std::vector<domain::StoredAnswer> answers);
    // Levels that never had a movement (version 0): no item tells of them.
    void add_untouched_levels(std::span<const domain::StockLevel> levels);
    // When the location that is there from the start was made, and where the sequences go on.
    Result<void, StoreError> finish(const domain::Location& main, const NextNumbers& next);

    // What is there now, in the open transaction, for comparing: as ReadStore.
    Result<void, StoreError> visit_all(const ReadStore::Visitor& visitor);
    Result<domain::FeedPage, StoreError> feed(domain::FeedSeq after, std::int64_t limit);
    Result<std::int64_t, StoreError> count_orders(domain::OrderStatus status);
    Result<std::int64_t, StoreError> count_answers();
    // Every invariant, in the open transaction.
    std::vector<Check> verify();

    // Makes all of it stay. On error it cannot be told whether it stayed: the next begin() says so.
    Result<void, StoreError> commit();

  private:
    struct Parts;
    explicit Import(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace onhand::storage::postgres
