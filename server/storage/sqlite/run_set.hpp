#pragma once
// The runs of a database: files in the folder DATABASE.runs that follow each other without a gap from the beginning of
// the feed. New ones are added at the end; when several of about the same size lie side by side, they are merged into
// one, so there are few of them however much there is, and each entry is copied a few times in its life. A file that is
// damaged, belongs to another database or to another past of this one is thrown away when the folder is opened.
//
// append() and merging may go on at the same time, one thread each; snapshots are taken by any thread.
// A crash at any point leaves whole runs: a file gets its name when it is complete, and what it replaces is removed
// after that.

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/run_file.hpp"

namespace onhand::storage::sqlite {

// What holds for the whole time somebody reads: runs, oldest first, and how far they go.
struct RunSnapshot {
    std::vector<RunPtr> runs;
    RunPosition covered() const { return runs.empty() ? RunPosition{} : runs.back()->info().last; }
};
using RunSnapshotPtr = std::shared_ptr<const RunSnapshot>;

class RunSet {
  public:
    // True when the run tells of the past of the database as it is.
    using Fits = std::function<bool(const RunInfo&)>;

    // Opens what is there. Throws RunError when the folder cannot be used.
    RunSet(std::string folder, const Fits& fits);

    RunSnapshotPtr snapshot() const;
    // Rises with each change of the runs; cheap.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

    // The file of a run over this stretch.
    std::string path_of(const RunPosition& after, const RunPosition& last) const;
    // Adds a run behind the last one.
    void append(RunPtr run);

    // Merges once where that is due; false when it is not due anywhere. `stop` ends it early. Throws RunError, and
    // leaves everything as it was.
    bool merge_once(const std::function<bool()>& stop);
    // Replaces a run by others that cover the same stretch.
    void replace(const RunPtr& run, const std::vector<RunPtr>& others);

    // Memory of indexes and filters, in bytes.
    std::size_t memory_bytes() const;

  private:
    std::vector<RunPtr> open_files(const Fits& fits);
    // Puts `others` in the place of `count` runs from `first` on.
    void exchange(const RunPtr& first, std::size_t count, const std::vector<RunPtr>& others);
    RunPtr merge(const std::vector<RunPtr>& runs, const std::function<bool()>& stop) const;

    const std::string folder_;
    mutable std::mutex mutex_;
    RunSnapshotPtr current_;  // guarded by mutex_
    std::atomic<std::uint64_t> version_{0};
};

// Removes the folder of a database's runs, as before it is restored.
void remove_runs(const std::string& folder);

}  // namespace onhand::storage::sqlite
