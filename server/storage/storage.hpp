#pragma once
// The storage port: where rows, the ledger and the feed live. Two faces: Store, used by the engine's one lane thread,
// loads rows and commits batches; ReadStore answers readers from any thread. Both are blocking. Adapters:
// storage/sqlite (embedded); the contract suite in storage/contract_test.hpp holds every adapter to what is said here.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/changes.hpp"
#include "domain/views.hpp"
#include "domain/working_set.hpp"

namespace onhand::storage {

enum class StoreErrc {
    conflict,     // another writer was in the way; the whole batch may be tried again
    full,         // no space left; nothing was written, later batches may succeed
    unavailable,  // the database does not answer; nothing was written
    rejected,     // a constraint of the database refused the content, which is a bug of ours; nothing was written.
                  // The engine halves the batch until the bad command stands alone
    corrupt,      // the data cannot be trusted; the process must stop
};

struct StoreError {
    StoreErrc code = StoreErrc::unavailable;
    std::string detail;  // for the log, never for clients
};

// What became of a commit. After `unknown` nothing in memory may be trusted: call resolve(), then reload.
enum class CommitStatus { committed, not_committed, unknown };

struct CommitResult {
    CommitStatus status = CommitStatus::not_committed;
    StoreError error;  // when not committed or unknown
};

// What an earlier request with this key was answered.
struct KnownKey {
    domain::Fingerprint fingerprint{};
    // The order as it was placed, or the stored bytes of any other answer.
    std::variant<domain::Order, domain::StoredAnswer> answer;
};

// The writing face. One thread: the engine's lane.
class Store {
  public:
    virtual ~Store() = default;

    // Sets sequences, account_count and enabled_admin_count of an empty working set, and tells the last id made, so
    // that new ids are greater. Called at start and after the set was cleared.
    virtual Result<Uuid, StoreError> prepare(domain::WorkingSet& set) = 0;

    // Puts every row of `request` into `set`, as found or as absent. Rows stay valid until the next commit, and beyond
    // it when rows_stay_valid(). On error the set may hold some of the rows.
    virtual Result<void, StoreError> load(const domain::RowRequest& request, domain::WorkingSet& set) = 0;

    // The answers of known keys, in the order of `keys`; nullopt for new ones. Never guesses: a key committed by any
    // earlier batch is found, however old.
    virtual Result<std::vector<std::optional<KnownKey>>, StoreError> find_keys(
        std::span<const domain::KeyHash> keys) = 0;

    // Writes all of `changes` in one durable transaction, or nothing. Gives items their feed numbers, dense from
    // head() + 1, when it numbers inside the transaction. `changes` is otherwise left as it was.
    virtual CommitResult commit(domain::Changes& changes) = 0;

    // After an unknown commit: reconnects and finds out whether `changes` were applied. `unknown` again means that it
    // cannot be told now.
    virtual CommitStatus resolve(domain::Changes& changes) = 0;

    // True when no other process writes, so that loaded rows stay right after a commit of this store.
    virtual bool rows_stay_valid() const = 0;

    // The highest feed number committed.
    virtual domain::FeedSeq head() const = 0;
};

// The reading face. Thread-safe; each call takes a read-only connection from a small pool and sees at least every
// batch whose commit() returned before the call began.
class ReadStore {
  public:
    virtual ~ReadStore() = default;

    virtual Result<std::optional<domain::OrderRow>, StoreError> order(const Uuid& id) = 0;
    virtual Result<domain::OrderPage, StoreError> orders(const domain::OrderFilter& filter) = 0;
    virtual Result<domain::MovementPage, StoreError> movements(const domain::MovementFilter& filter) = 0;
    // Items with seq > after, at most `limit`.
    virtual Result<domain::FeedPage, StoreError> feed(domain::FeedSeq after, std::int64_t limit) = 0;
    // In the order of `ids`; unknown ids are left out.
    virtual Result<std::vector<domain::Product>, StoreError> products(std::span<const domain::ProductId> ids) = 0;

    // Whole tables, for filling the read models at start, all as of one moment; returns the head of that moment.
    struct Visitor {
        std::function<void(domain::Location&&)> location;
        std::function<void(domain::Product&&)> product;  // in the order of their ids
        std::function<void(const domain::StockLevel&)> level;
        std::function<void(domain::Account&&)> account;
        std::function<void(const domain::Session&)> session;
    };
    virtual Result<domain::FeedSeq, StoreError> visit_all(const Visitor& visitor) = 0;

    // A cheap question to the database, for readiness.
    virtual Result<void, StoreError> ping() = 0;
};

}  // namespace onhand::storage
