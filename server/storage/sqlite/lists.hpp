#pragma once
// The lists of feed numbers: which orders name a product, a word or an account, which movements touch a product or a
// location. The newest stretch is in memory (RecentLists), all before it in runs. One thread fills them; any thread
// reads. A reader takes a ListMoment, asks it for what it needs, and works on that undisturbed: nothing it holds
// changes, and nobody waits for it.

#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/sqlite/order_states.hpp"
#include "storage/sqlite/recent_lists.hpp"
#include "storage/sqlite/run_entry.hpp"
#include "storage/sqlite/run_set.hpp"

namespace onhand::storage::sqlite {

class Lists {
  public:
    explicit Lists(RunSet& runs) : runs_(runs), applied_(runs.snapshot()->covered().seq) {}

    RunSet& runs() { return runs_; }
    domain::FeedSeq applied() const { return applied_.load(std::memory_order_acquire); }

    // What the filling thread does to them; readers are kept out for as long as `body` takes.
    template <class Body>
    void change(domain::FeedSeq applied, Body&& body) {
        const std::unique_lock lock(mutex_);
        body(recent_);
        applied_.store(applied, std::memory_order_release);
    }
    // The filling thread may look without a lock.
    const RecentLists& recent() const { return recent_; }

    // What the orders of the lists are at.
    OrderStates& states() { return states_; }
    const OrderStates& states() const { return states_; }

    // For whoever meets a damaged page in the file of states: it is made again soon. Any thread.
    void report_states_damaged() const { states_damaged_.store(true, std::memory_order_relaxed); }
    bool take_states_damaged() { return states_damaged_.exchange(false, std::memory_order_relaxed); }

  private:
    friend class ListMoment;
    RunSet& runs_;
    mutable std::shared_mutex mutex_;
    RecentLists recent_;                    // guarded by mutex_
    std::atomic<domain::FeedSeq> applied_;  // changed under mutex_
    OrderStates states_;
    mutable std::atomic<bool> states_damaged_{false};
};

// One list as of one moment.
class NumberList {
  public:
    using Visit = std::function<bool(domain::FeedSeq)>;

    NumberList(std::string name, RunSnapshotPtr runs, RecentLists::Numbers recent)
        : name_(std::move(name)), runs_(std::move(runs)), recent_(std::move(recent)) {}

    std::int64_t count() const;
    // Passes over `skip` numbers below `before`, falling, and calls for those after them until `visit` returns false.
    // Returns how many were passed over.
    std::int64_t walk_down(domain::FeedSeq before, std::int64_t skip, const Visit& visit) const;
    // Calls for the numbers above `after`, rising, until `visit` returns false.
    void walk_up(domain::FeedSeq after, const Visit& visit) const;

  private:
    struct Walk;
    bool down_in_run(const Run& run, Walk& walk) const;
    bool up_in_run(const Run& run, domain::FeedSeq after, const Visit& visit) const;
    bool is_here(const RunCursor& cursor) const { return list_of(cursor.name()) == name_; }

    std::string name_;
    RunSnapshotPtr runs_;
    RecentLists::Numbers recent_;
};

// The lists of all words that begin with `prefix`, as of one moment. The feed falls into the recent stretch and, below
// it, slices; each is asked for on its own.
class WordLists {
  public:
    WordLists(std::string prefix, RunSnapshotPtr runs, RecentLists::Numbers recent)
        : prefix_(std::move(prefix)), runs_(std::move(runs)), recent_(std::move(recent)) {}

    const std::string& prefix() const { return prefix_; }
    // Numbers behind the last slice, rising.
    const RecentLists::Numbers& recent() const { return recent_; }
    // The union of the lists in one slice, rising, replaces `out`.
    void in_slice(std::int64_t slice, RecentLists::Numbers& out);

  private:
    std::string prefix_;
    RunSnapshotPtr runs_;
    RecentLists::Numbers recent_;
    std::size_t run_ = SIZE_MAX;  // that cursor_ goes over
    std::optional<RunCursor> cursor_;
};

class ListMoment {
  public:
    explicit ListMoment(const Lists& lists)
        : lists_(lists), lock_(lists.mutex_), runs_(lists.runs_.snapshot()), applied_(lists.applied()) {}

    domain::FeedSeq applied() const { return applied_; }
    // The end of the last slice.
    domain::FeedSeq covered() const { return runs_->covered().seq; }
    const RunSnapshotPtr& runs() const { return runs_; }

    NumberList list(Posting kind, std::int64_t id) const {
        auto name = list_name(kind, id);
        auto recent = lists_.recent_.numbers(name);
        return {std::move(name), runs_, std::move(recent)};
    }
    WordLists words(const std::string& prefix) const {
        return {prefix, runs_, lists_.recent_.numbers_of_words(prefix)};
    }
    // Lets the filling thread go on. What was taken stays good.
    void release() { lock_.unlock(); }

  private:
    const Lists& lists_;
    std::shared_lock<std::shared_mutex> lock_;
    RunSnapshotPtr runs_;
    domain::FeedSeq applied_;
};

}  // namespace onhand::storage::sqlite
