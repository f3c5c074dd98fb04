#pragma once
// A store in memory that keeps every promise of storage/storage.hpp and fails on demand: refused commits, commits whose
// outcome is unknown (applied or lost), failing loads, a commit held up until the test lets it go. For tests of the
// engine and of what stands on it; the storage contract suite runs on it as on the real adapters. Thread-safe.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "storage/storage.hpp"

namespace onhand::engine {

// What the next commit does.
enum class CommitFault {
    none,
    conflict,
    full,
    unavailable,
    corrupt,
    unknown_applied,  // written, but the answer was lost; resolve() tells
    unknown_lost,     // not written, and the answer was lost; resolve() tells
    unknown_forever,  // written, and resolve() cannot tell
};

class SimulatedStore final : public storage::Store, public storage::ReadStore {
  public:
    // Begins with the default location, like a freshly migrated database.
    SimulatedStore();

    // Asked once per commit, with its number from 0; default: no fault.
    std::function<CommitFault(std::uint64_t)> on_commit;
    // Asked once per load; true makes it fail as unavailable.
    std::function<bool()> on_load;
    // Asked for each batch before it is written; true makes the database refuse it (StoreErrc::rejected).
    std::function<bool(const domain::Changes&)> rejects;
    // Whether the engine may keep rows between batches. The lane asks behind the answers, so tests may set it any time.
    // A store that is not exclusive may have several lanes and can be presumed on; a batch that meets rows which are
    // not as it was judged on is a conflict.
    std::atomic<bool> exclusive = true;
    // Batches that were committed on a presumption, and that were refused because it did not hold.
    std::atomic<int> presumed{0}, presumed_wrongly{0};
    std::atomic<int> keys_looked_up{0};  // by load(), nil ones apart
    // Called before a presumed batch is looked at; what it does to the rows is another writer's work.
    std::function<void()> on_presumed;

    // storage::Store
    Result<Uuid, storage::StoreError> prepare(domain::WorkingSet& set) override;
    Result<storage::KnownKeys, storage::StoreError> load(std::span<const domain::KeyHash> keys,
                                                         const domain::RowRequest& request,
                                                         domain::WorkingSet& set) override;
    storage::CommitResult commit(domain::Changes& changes) override;
    void abandon() override {}
    storage::CommitStatus resolve(domain::Changes& changes) override;
    bool rows_stay_valid() const override { return exclusive; }
    domain::FeedSeq head() const override;
    void set_fence(std::int64_t) override {}
    std::int64_t fence_of_batch() const override { return 0; }
    bool presumes() const override { return !exclusive; }
    storage::CommitResult commit_presumed(domain::Changes& changes, const storage::Presumption& rows,
                                          std::size_t more_numbers, domain::WorkingSet& set) override;

    // storage::ReadStore
    Result<std::optional<domain::OrderRow>, storage::StoreError> order(const Uuid& id) override;
    Result<domain::OrderPage, storage::StoreError> orders(const domain::OrderFilter& filter) override;
    Result<domain::MovementPage, storage::StoreError> movements(const domain::MovementFilter& filter) override;
    Result<domain::FeedPage, storage::StoreError> feed(domain::FeedSeq after, std::int64_t limit) override;
    Result<std::vector<domain::Product>, storage::StoreError> products(std::span<const domain::ProductId> ids) override;
    Result<std::vector<domain::Account>, storage::StoreError> accounts(std::span<const domain::AccountId> ids) override;
    Result<std::optional<domain::Session>, storage::StoreError> session(const domain::TokenHash& hash) override;
    Result<Moment, storage::StoreError> visit_all(const Visitor& visitor) override;
    Result<void, storage::StoreError> ping() override { return {}; }

    // For assertions: what is committed.
    std::vector<domain::FeedItem> items() const;
    std::map<domain::LevelKey, domain::StockLevel> levels() const;
    std::vector<domain::Order> all_orders() const;

  private:
    struct StoredOrder {
        domain::Order order;
        domain::FeedSeq placed_seq = 0;
        domain::Fingerprint fingerprint{};
    };
    void write(domain::Changes& changes);
    storage::CommitResult write_or_fail(domain::Changes& changes, CommitFault fault);
    void reserve_numbers(std::size_t count, domain::WorkingSet& set);
    bool holds(const storage::Presumption& rows) const;
    bool is_judged_on_these_rows(const domain::Changes& changes) const;
    bool keys_are_new(const domain::Changes& changes) const;
    void load_level(const domain::RowRequest::LevelName& name, domain::WorkingSet& set) const;
    void load_product(std::string_view sku, bool all_levels, domain::WorkingSet& set) const;
    void load_location(std::string_view code, domain::WorkingSet& set) const;
    void load_order(const Uuid& id, domain::WorkingSet& set) const;
    void load_accounts(const domain::RowRequest& request, domain::WorkingSet& set) const;
    const domain::Product* product_of(std::string_view sku) const;
    const domain::Location* location_of(std::string_view code) const;
    bool matches(const StoredOrder& stored, const domain::OrderFilter& filter) const;

    mutable std::mutex mutex_;
    std::uint64_t commits_ = 0;
    std::int64_t next_number_ = domain::first_order_number;
    bool resolvable_ = true;
    bool last_applied_ = false;
    std::map<std::int64_t, domain::Product> products_;
    std::map<std::int64_t, domain::Location> locations_;
    std::map<domain::LevelKey, domain::StockLevel> levels_;
    std::map<Uuid, StoredOrder> orders_;
    std::map<domain::KeyHash, Uuid> order_keys_;
    std::map<domain::KeyHash, domain::StoredAnswer> answers_;
    std::map<std::int64_t, domain::Account> accounts_;
    std::map<domain::TokenHash, domain::Session> sessions_;
    std::vector<domain::FeedItem> items_;  // items_[i].seq == i + 1
};

}  // namespace onhand::engine
