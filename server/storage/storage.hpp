#pragma once
// The storage port: where rows, the ledger and the feed live. Three faces, all blocking: Store, one per lane of the
// engine, loads rows and commits batches; ReadStore answers readers from any thread; Outbox, of stores that several
// processes share, numbers committed batches and gives them out. Adapters: storage/sqlite (embedded, one process) and
// storage/postgres (shared); the contract suite in storage/contract_test.hpp holds each to what is said here.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
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

using KnownKeys = std::vector<std::optional<KnownKey>>;

// Rows that a batch was judged on although they were not loaded for it: earlier batches left them in the working set.
// Each once, with the version it had before the batch.
struct Presumption {
    std::vector<std::pair<domain::LevelKey, std::int64_t>> levels;
    std::vector<std::pair<domain::ProductId, std::int64_t>> products;
    std::vector<std::pair<domain::LocationId, std::int64_t>> locations;
};

// The writing face: one per lane of the engine, used by that lane's thread only. A batch is load(), any number of
// times, then commit() or abandon(). A shared store keeps a transaction open from the first load() on, so that the
// rows it gave stay as they are until then.
class Store {
  public:
    virtual ~Store() = default;

    // Sets what decide() counts with (sequences; in an exclusive store also account_count and enabled_admin_count) and
    // tells the last id made, so that new ids are greater. Called at start and after the set was cleared.
    virtual Result<Uuid, StoreError> prepare(domain::WorkingSet& set) = 0;

    // Puts every row of `request` into `set`, as found or as absent, and answers for each of `keys`, in order, what an
    // earlier request with this key was answered; nullopt for new and nil ones. Never guesses: a key committed by any
    // earlier batch is found, however old. Rows stay valid until the next commit, and beyond it when
    // rows_stay_valid(). A shared store also reserves the numbers of request.draws and, where emails or accounts are
    // named, sets the counts of accounts. On error the set may hold some of the rows and the batch is over.
    virtual Result<KnownKeys, StoreError> load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                                               domain::WorkingSet& set) = 0;

    // Writes all of `changes` in one durable transaction, or nothing, and ends the batch. Gives items their feed
    // numbers, dense from head() + 1, when it numbers inside the transaction; a shared store leaves them 0 and the
    // outbox numbers them later. `changes` is otherwise left as it was.
    virtual CommitResult commit(domain::Changes& changes) = 0;

    // Ends a batch that has nothing to write.
    virtual void abandon() = 0;

    // After an unknown commit: reconnects and finds out whether `changes` were applied. `unknown` again means that it
    // cannot be told now.
    virtual CommitStatus resolve(domain::Changes& changes) = 0;

    // True when no other process writes, so that loaded rows stay right after a commit of this store.
    virtual bool rows_stay_valid() const = 0;

    // The highest feed number committed; of shared stores the highest one this process has seen given.
    virtual domain::FeedSeq head() const = 0;

    // The fence of the batches from now on: meeting a level that carries a higher one is a conflict, because somebody
    // who got the product's lock later has written already. 0 (the default): each loaded batch draws its own under the
    // row locks, above every fence drawn before by any process. Written levels carry the fence.
    virtual void set_fence(std::int64_t fence) = 0;
    // The fence of the batch loaded last. Who has held the locks of its products since before that load may go on with
    // it. 0 where there is nobody to fence off.
    virtual std::int64_t fence_of_batch() const = 0;

    // Whether commit_presumed() may be used.
    virtual bool presumes() const { return false; }
    // load() and commit() of a batch in one round trip: it was judged on `rows` and on the presumption that all its
    // keys are new. All of it is held against the database inside the transaction: the levels are locked and must have
    // their versions and no later fence; products and locations, read after that, must have their versions; keys must
    // be new. What differs is a conflict: nothing is written, and the batch has to be loaded. `changes` places at least
    // one order and changes each of the levels and nothing else; order numbers were reserved before. Reserves
    // `more_numbers` of them in `set` for later batches. After `unknown`, resolve() as for commit().
    virtual CommitResult commit_presumed(domain::Changes& /*changes*/, const Presumption& /*rows*/,
                                         std::size_t /*more_numbers*/, domain::WorkingSet& /*set*/) {
        return {CommitStatus::not_committed, {StoreErrc::conflict, "this store presumes nothing"}};
    }
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

    // The accounts with these ids, in any order; unknown ones are left out.
    virtual Result<std::vector<domain::Account>, StoreError> accounts(std::span<const domain::AccountId> ids) = 0;
    // The session behind a token hash, as stored.
    virtual Result<std::optional<domain::Session>, StoreError> session(const domain::TokenHash& hash) = 0;

    // The moment that visit_all() saw: all batches up to this number of the outbox (0 in an exclusive store) and all
    // items up to this feed number, perhaps more.
    struct Moment {
        domain::FeedSeq head = 0;
        std::int64_t batch = 0;
    };
    // Whole tables, for filling the read models at start, all as of one moment.
    struct Visitor {
        std::function<void(domain::Location&&)> location;
        std::function<void(domain::Product&&)> product;  // in the order of their ids
        std::function<void(const domain::StockLevel&)> level;
        std::function<void(domain::Account&&)> account;
        std::function<void(const domain::Session&)> session;
    };
    virtual Result<Moment, StoreError> visit_all(const Visitor& visitor) = 0;

    // A cheap question to the database, for readiness.
    virtual Result<void, StoreError> ping() = 0;
};

// One committed batch as everybody hears of it.
struct NumberedBatch {
    std::int64_t number = 0;    // of the batch: 1, 2, 3 … without gaps
    domain::FeedSeq first = 0;  // feed number of its first item; without items, what the next item will get
    std::string bytes;          // the changes, as domain::encode_batch() made them
};

// The outbox of a shared store: every commit leaves its changes there, in the same transaction, and the relay numbers
// them afterwards, batch by batch and item by item. Each product's changes are numbered in the order of its versions;
// what was committed before another commit began has the lower numbers. One thread at a time; blocking.
class Outbox {
  public:
    virtual ~Outbox() = default;

    // What number() did.
    struct Step {
        std::int64_t given = 0;              // so many batches got their numbers by this call,
        std::int64_t first_given = 0;        // from this one on
        std::vector<NumberedBatch> batches;  // numbered above `after`, by whomever, in order, at most `limit`
    };
    // Numbers what was committed before the call and is not numbered yet, at most `limit` batches, and reads what is
    // numbered above `after`; waits for another process that is numbering right now.
    virtual Result<Step, StoreError> number(std::int64_t after, std::int64_t limit) = 0;

    // The batches numbered above `after`, in order, at most `limit`.
    virtual Result<std::vector<NumberedBatch>, StoreError> read(std::int64_t after, std::int64_t limit) = 0;
};

}  // namespace onhand::storage
