#pragma once
// The embedded store: SQLite behind the storage port. app/wiring opens it, hands store() to the engine and read_store()
// to the readers, subscribes on_batch() to the bus, and destroys it last. Files beside DATABASE: DATABASE-wal and -shm
// (SQLite's log), DATABASE.lock (one process at a time), DATABASE.mark (the highest feed number, see mark_file.hpp),
// DATABASE.derived and DATABASE.runs (lists and known keys, see derived_store.hpp). Nothing else in the process may
// open or close DATABASE: that would drop SQLite's locks.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/feed_batch.hpp"
#include "storage/check.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::sqlite {

struct SqliteOptions {
    std::string path = "data/onhand.db";  // its folder is made when missing
    int read_connections = 2;             // reading calls that run at the same time
    int busy_ms = 2'000;                  // waiting for another program's lock before a batch is answered with conflict
    // The log is copied into the database past this length (4 KiB a page). Orders wait meanwhile, some 12 ms and
    // 4 for each thousand pages; copying less more often writes pages again that change all the time.
    int checkpoint_pages = 1'500;
    std::int64_t log_bytes_kept = 64'000'000;  // of the log's file, once it was longer (tests take less)
    bool background = true;                    // false: no thread; catch_up_derived() is called by hand (tests)
    std::int64_t run_numbers = 131'072;        // feed numbers of a run of lists and keys (tests take less)
    // Keys that may wait in memory for their run, 22 to 43 bytes each. With more, as when the folder of runs cannot be
    // written for long, nothing is committed (tests take less).
    std::size_t recent_keys_max = 4'000'000;
    std::int64_t page_count_max = 0;  // bound of the database in pages; 0 = none (tests of a full disk)
};

class SqliteStorage {
  public:
    // Locks, opens, checks the settings, migrates, compares the high-water mark, reads the keys that are not in runs
    // yet and, where the derived store is missing or far behind, makes it. Fails with one clear line. `clock` must
    // outlive the store.
    static Result<std::unique_ptr<SqliteStorage>, StoreError> open(const SqliteOptions& options, const Clock& clock);

    // Ends the thread, writes the mark, empties the log into the database and closes. Nobody may use store() or
    // read_store() any more.
    ~SqliteStorage();
    SqliteStorage(const SqliteStorage&) = delete;
    SqliteStorage& operator=(const SqliteStorage&) = delete;

    Store& store();
    ReadStore& read_store();

    // For the bus: a batch was committed. Any thread, does not block.
    void on_batch(const domain::FeedBatchPtr& batch);

    // Recomputes every invariant from the stored rows. Reads while the store is in use; takes time in proportion to
    // the data. One line per invariant.
    std::vector<Check> verify();

    // Makes the derived store and its runs again, while they are in use.
    Result<void, StoreError> rebuild_derived();
    // Applies the feed up to `last` to the derived store; for stores opened without background.
    Result<void, StoreError> catch_up_derived(domain::FeedSeq last);

    // Copies the database as of one moment to a new file, while it is in use. Refused when `path` exists.
    Result<void, StoreError> backup_to(const std::string& path);

    // Every stored answer of the idempotency keys that did not place an order, oldest first; those of placed orders are
    // in the feed. For moving to another store, while nothing is committed.
    Result<void, StoreError> visit_answers(const std::function<void(domain::StoredAnswer&&)>& visit);

    // How many idempotency keys are known.
    std::size_t known_keys() const;

  private:
    struct Parts;
    explicit SqliteStorage(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace onhand::storage::sqlite
