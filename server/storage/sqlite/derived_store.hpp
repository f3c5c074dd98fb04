#pragma once
// The derived store: what the main database does not keep on the commit path. A second SQLite file (DATABASE.derived)
// with the states of orders, and a folder of runs (DATABASE.runs) with the lists of orders and movements and the known
// idempotency keys. All of it can be made again from the main database, so it is not synced on commit, and is thrown
// away where it is missing, damaged, of another format or newer than the main database.
//
// It is filled by a thread of its own, which reads what was committed since the last time from the main database;
// notify() only tells it that there is something. It is at most flush_interval_ms and one flush behind; readers add the
// rest from the main tables, so how far it is behind changes no answer. A second thread merges runs, at low priority.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "storage/sqlite/derived_source.hpp"
#include "storage/sqlite/lists.hpp"
#include "storage/sqlite/run_set.hpp"

namespace onhand::storage::sqlite {

inline constexpr int flush_interval_ms = 50;
// Feed numbers applied in one transaction; bounds memory while catching up.
inline constexpr std::int64_t stretch_max = 16'384;
// Feed numbers of one run before it is merged: whole slices, so that each slice lies in one run.
inline constexpr domain::FeedSeq run_numbers_default = 2LL << slice_bits;

class DerivedStore {
  public:
    struct Settings {
        std::string main;     // the database
        std::string derived;  // the file
        std::string runs;     // the folder
        domain::FeedSeq run_numbers = run_numbers_default;
        // A small file is looked through at start. A large one is not, for that takes long: a crash cannot damage it,
        // and a page that rots shows when it is read.
        std::uintmax_t checked_bytes_max = 8'000'000;
        LogGate* gate = nullptr;  // entered while the database is read; outlives the store
    };

    // Opens the files, or makes anew what cannot be used. Throws SqlError when that is impossible.
    explicit DerivedStore(Settings settings);
    ~DerivedStore();
    DerivedStore(const DerivedStore&) = delete;
    DerivedStore& operator=(const DerivedStore&) = delete;

    RunSet& runs() { return runs_; }
    const Lists& lists() const { return lists_; }

    // Applies the feed up to `last` on the calling thread.
    void catch_up(domain::FeedSeq last);
    // Applies and merges so much that start() will not have long to go; says in the log when that takes longer.
    void catch_up_roughly();
    // Reads the states of all orders into memory, unless they are there; start() does it in the background.
    void load_states();
    // Makes everything again.
    void rebuild();
    domain::FeedSeq applied() const { return applied_.load(std::memory_order_acquire); }
    // Merges what is due on the calling thread.
    void merge_all();

    // Starts the threads. `every_second` is called on the first about once a second and once more when it ends.
    void start(std::function<void()> every_second);
    void stop();
    // Tells that the feed has reached `head`; any thread, cheap, never blocks for long.
    void notify(domain::FeedSeq head);

  private:
    void open_or_remake();
    void remake();
    void apply_stretch(domain::FeedSeq done, domain::FeedSeq next);
    void write_states(domain::FeedSeq next);
    void empty_states();
    bool run_is_due() const;
    void write_run();
    void write_answer_run();
    RunInfo info_of(const RunPosition& after, const RunPosition& last, DerivedSource& source) const;
    RunPtr write_file(const RunInfo& info, const RecentLists& content) const;
    bool heal(const RunPtr& run);
    bool merge_or_heal();

    void run();
    bool wait_for_work(std::chrono::steady_clock::time_point until);
    void apply_quietly();
    void run_merging();
    void wake_merging();

    // The end of the run that the number after `seq` belongs to.
    domain::FeedSeq run_end_after(domain::FeedSeq seq) const {
        return (seq / settings_.run_numbers + 1) * settings_.run_numbers;
    }
    // So many stored answers are a run even when the feed does not move: refused orders change nothing.
    std::int64_t run_answers() const { return settings_.run_numbers / 2; }
    domain::FeedSeq behind_max() const { return 2 * settings_.run_numbers; }

    const Settings settings_;
    DerivedSource source_;
    const DerivedIndex::DatabaseId database_;
    RunSet runs_;
    Lists lists_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<DerivedIndex> index_;
    ListAdditions additions_;
    std::int64_t recent_answers_ = 0;  // the last answer whose key is in the recent lists
    std::mutex work_;                  // held by whoever uses source_, index_ or fills the lists
    std::mutex maintenance_;           // held by whoever merges or replaces runs
    std::atomic<domain::FeedSeq> applied_{0};
    std::atomic<domain::FeedSeq> target_{0};

    std::function<void()> every_second_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<bool> waiting_{false};   // true while only notify() can wake the thread
    std::atomic<bool> stopping_{false};  // set under mutex_
    bool failing_ = false;               // first thread only: the last attempt failed and was logged
    std::condition_variable merge_due_;
    bool merge_asked_ = false;  // guarded by mutex_
    std::thread thread_;
    std::thread merge_thread_;
};

}  // namespace onhand::storage::sqlite
