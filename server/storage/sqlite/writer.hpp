#pragma once
// The writing face on SQLite: the one connection that writes and checkpoints (two at once meet a bug of SQLite before
// 3.51.3 that corrupts the file). All methods but head() belong to the engine's lane thread once opening is over.
//
// How a commit can end:
//   BUSY, LOCKED (another process holds the lock)      not_committed, conflict; the batch may be tried again
//   FULL                                               not_committed, full: SQLite writes the commit mark last, so a
//                                                      log that found no room does not hold it; later batches may pass
//   CHECK or other constraint                          not_committed, unavailable: a bug was kept out of the database
//   any I/O error, or a transaction that cannot be
//   rolled back                                        unknown. The log may or may not hold the batch; after a failed
//                                                      fsync the kernel may have dropped the pages, so reading the file
//                                                      again proves nothing. The process must stop; the next start
//                                                      reads what the disk has. resolve() therefore stays unknown
//   CORRUPT, NOTADB                                    corrupt; from COMMIT itself also unknown
// After unknown or corrupt the writer refuses everything, with `corrupt`: the process must stop. The same when another
// program changed the database, or the file at the path is no longer the one that was opened (file_lost()).

#include <atomic>

#include "storage/sqlite/batch_writer.hpp"
#include "storage/sqlite/key_index.hpp"
#include "storage/sqlite/log_gate.hpp"
#include "storage/sqlite/row_loader.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::sqlite {

class Writer final : public Store {
  public:
    struct Limits {
        int checkpoint_pages;         // a log longer than this is copied into the database before the next batch
        std::int64_t log_bytes_kept;  // what its file keeps of the disk once it was longer
        std::size_t recent_keys;      // keys in memory, which runs do not cover; with more nothing is committed
    };

    // `connection` is open, migrated and in its final settings; it, `runs` and `gate` outlive the writer. Reads the
    // head and the keys that are not in runs; throws SqlError.
    Writer(Connection& connection, const RunSet& runs, LogGate& gate, const Limits& limits);

    Result<Uuid, StoreError> prepare(domain::WorkingSet& set) override;
    Result<KnownKeys, StoreError> load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                                       domain::WorkingSet& set) override;
    CommitResult commit(domain::Changes& changes) override;
    void abandon() override {}
    CommitStatus resolve(domain::Changes& changes) override;
    bool rows_stay_valid() const override { return true; }
    domain::FeedSeq head() const override { return head_.load(std::memory_order_acquire); }
    void set_fence(std::int64_t) override {}
    std::int64_t fence_of_batch() const override { return 0; }

    // Copies the whole log into the database and empties it, unless it can no longer be trusted. On the thread that
    // closes, after the lane has ended.
    void close() noexcept;
    // Tells that the file was moved or deleted under the process; any thread. Commits would vanish with it.
    void file_lost() { file_lost_.store(true, std::memory_order_relaxed); }
    std::size_t known_keys() const { return keys_.size(); }

  private:
    void read_known_keys();
    std::optional<KnownKey> known_key(const domain::KeyHash& key);
    std::optional<KnownKey> read_known(const domain::KeyHash& key, KeyTable::Place place);
    std::optional<KnownKey> search_rows(const domain::KeyHash& key, const RunInfo& stretch);
    void check_sole_writer();
    void stop(std::string detail) { stopped_ = StoreError{StoreErrc::corrupt, std::move(detail)}; }
    CommitResult failed(const SqlError& error, bool in_commit);
    void remember_keys(const domain::Changes& changes);
    void checkpoint_when_long() noexcept;
    void checkpoint() noexcept;
    void shorten_log() noexcept;

    Connection& connection_;
    LogGate& gate_;
    const Limits limits_;
    int log_pages_ = 0;                 // after the last commit
    int log_pages_copied_ = 0;          // at the last checkpoint
    std::int64_t log_size_limit_ = -1;  // that SQLite cuts the file to when it begins the log anew; -1 = none
    OrderLookup orders_;
    RowLoader loader_;
    BatchWriter batch_;
    Statement begin_;
    Statement commit_;
    Statement data_version_;
    Statement select_answer_;
    KeyIndex keys_;
    std::int64_t next_answer_ = 1;
    std::int64_t data_version_seen_ = 0;
    std::atomic<domain::FeedSeq> head_{0};
    std::atomic<bool> file_lost_{false};
    std::optional<StoreError> stopped_;  // set once nothing can be trusted
};

}  // namespace onhand::storage::sqlite
