#pragma once
// The derived store: a second SQLite file (DATABASE.derived) with the lists that the main database does not keep on the
// commit path: orders by product, state and word, movements by product and location. It can always be made again from
// the main database, so it is not synced on commit, and is thrown away when it is missing, damaged, of another format
// or newer than the main database. It is filled by a thread of its own, which reads what was committed since the last
// time from the main database; notify() only tells it that there is something. It is at most flush_interval_ms and one
// flush behind; readers add the rest from the main tables, so how far it is behind changes no answer.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "storage/sqlite/derived_index.hpp"
#include "storage/sqlite/rows.hpp"

namespace onhand::storage::sqlite {

inline constexpr int flush_interval_ms = 50;
// Feed numbers applied in one transaction; bounds memory while catching up.
inline constexpr std::int64_t stretch_max = 50'000;

// Reads a stretch of the feed from the main database into an index. Used by the thread and by verification.
class DerivedSource {
  public:
    explicit DerivedSource(const std::string& main_path);
    DerivedIndex::DatabaseId database_id();
    domain::FeedSeq head();
    // Collects the items after `after` up to `last`.
    void collect(domain::FeedSeq after, domain::FeedSeq last, DerivedIndex& index);

  private:
    void collect_order(const Cursor& row, DerivedIndex& index);
    Connection main_;
    Statement head_;
    Statement movements_;
    Statement orders_;
    Statement events_;
};

class DerivedStore {
  public:
    // Opens the file, or makes it anew where it cannot be used. Throws SqlError when that is impossible.
    DerivedStore(const std::string& main_path, const std::string& path);
    ~DerivedStore();
    DerivedStore(const DerivedStore&) = delete;
    DerivedStore& operator=(const DerivedStore&) = delete;

    // Applies the feed up to `last` on the calling thread.
    void catch_up(domain::FeedSeq last);
    // Empties it and applies everything again.
    void rebuild();
    domain::FeedSeq applied() const { return applied_.load(std::memory_order_acquire); }

    // Starts the thread. `every_second` is called on it about once a second and once more when it ends.
    void start(std::function<void()> every_second);
    void stop();
    // Tells that the feed has reached `head`; any thread, cheap, never blocks for long.
    void notify(domain::FeedSeq head);

  private:
    void open_or_remake();
    void remake();
    void run();
    bool wait_for_work(std::chrono::steady_clock::time_point until);
    void apply_quietly();

    const std::string path_;
    DerivedSource source_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<DerivedIndex> index_;
    std::mutex work_;  // held by whoever uses source_ and index_
    std::atomic<domain::FeedSeq> applied_{0};
    std::atomic<domain::FeedSeq> target_{0};

    std::function<void()> every_second_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<bool> waiting_{false};  // true while only notify() can wake the thread
    bool stopping_ = false;             // guarded by mutex_
    bool failing_ = false;              // thread only: the last attempt failed and was logged
    std::thread thread_;
};

}  // namespace onhand::storage::sqlite
