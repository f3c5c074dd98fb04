#include "engine/lane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "engine/locked_products.hpp"

namespace onhand::engine {

namespace {

// While requests wait for a lock, how often it is asked for again when nobody says that it is free.
constexpr std::chrono::milliseconds lock_poll{5};
constexpr MonoNanos patience_ns = std::chrono::nanoseconds(bus::lock_patience).count();

// As locks are asked for: sorted, each once.
void sort_unique(std::vector<std::string_view>& skus) {
    std::ranges::sort(skus);
    skus.erase(std::unique(skus.begin(), skus.end()), skus.end());
}

std::string_view text_of(storage::CommitStatus status) {
    switch (status) {
        case storage::CommitStatus::committed:
            return "committed";
        case storage::CommitStatus::not_committed:
            return "not committed";
        case storage::CommitStatus::unknown:
            return "still unknown";
    }
    return {};
}

}  // namespace

Lane::Lane(LaneContext& context, storage::Store& store, std::unique_ptr<bus::ProductLocks> locks)
    : context_(context),
      store_(store),
      locks_(std::move(locks)),
      ids_(seeded_random()),
      jitter_(std::random_device()()) {
    if (!locks_) return;
    locks_->on_free([this] {
        {
            const std::lock_guard lock(mutex_);
            lock_is_free_ = true;
        }
        wake_.notify_one();
    });
}

Lane::~Lane() {
    stop();
    join();
}

Result<void, storage::StoreError> Lane::start() {
    ensure(!thread_.joinable(), "a lane is started once");
    auto last_id = store_.prepare(set_);
    if (!last_id) return last_id.error();
    ids_.raise_floor(*last_id);
    set_prepared_ = true;
    queue_.reserve(context_.options.queue_max);
    thread_ = std::thread([this] { run(); });
    return {};
}

bool Lane::submit(Request& request) {
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= context_.options.queue_max) return false;
        was_empty = queue_.empty();
        queue_.push_back(&request);
    }
    if (was_empty) wake_.notify_one();
    return true;
}

void Lane::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
}

void Lane::join() {
    if (thread_.joinable()) thread_.join();
}

std::size_t Lane::queue_length() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void Lane::run() {
    Batch batch;
    while (take_batch(batch)) {
        try {
            if (locks_) lock_products(batch);
            process(batch);
            if (locks_) hand_over();
        } catch (const std::exception& error) {
            // A bug, or memory is gone: what the batch did is not known here, so nobody is told that it did nothing.
            give_up(fmt::format("exception on the lane: {}", error.what()));
            fail_all(batch, Failure::outcome_unknown);
        }
        complete_batch(batch);
    }
    if (locks_) locks_->release_all();
}

// Returns when there is something to try: new requests, or parked ones whose lock may be free. False when the lane
// stops and nothing is left.
bool Lane::wait_for_work(std::unique_lock<std::mutex>& lock) {
    const auto something = [this] { return lock_is_free_ || !queue_.empty(); };
    if (parked_.empty())
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    else
        wake_.wait_for(lock, lock_poll, something);
    lock_is_free_ = false;
    return !queue_.empty() || !parked_.empty();
}

// Moves what waits into `batch`; false when the lane stops and nothing is left.
bool Lane::take_batch(Batch& batch) {
    ensure(batch.requests.empty(), "the last batch was handed back");
    batch.clear_result();
    std::unique_lock lock(mutex_);
    if (!wait_for_work(lock)) return false;
    // Parked requests count as waiting: the bound of the queue is the bound of both.
    const auto room = std::min(context_.options.batch_max, context_.options.queue_max - parked_.size());
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), room));
    batch.requests.assign(queue_.begin(), queue_.begin() + count);
    queue_.erase(queue_.begin(), queue_.begin() + count);
    return true;
}

// Keeps in `batch` what may go on now and parks the rest until its locks are free. A request that was parked for
// lock_patience goes on without: the rows decide anyway.
void Lane::lock_products(Batch& batch) {
    const auto now = context_.clock.mono_ns();
    for (auto* request : batch.requests) parked_.push_back({request, now});
    batch.requests.clear();
    skus_.clear();
    for (const auto& parked : parked_) append_locked_products(parked.request->command, skus_);
    sort_unique(skus_);
    const auto answer = skus_.empty() ? bus::LockAnswer{} : locks_->acquire(skus_);
    bool all_granted = true;
    std::vector<Parked> still;
    for (const auto& candidate : parked_) {
        const bool granted = may_go(*candidate.request, answer);
        const bool impatient = now - candidate.since >= patience_ns || candidate.request->deadline < now;
        if ((!granted && !impatient) || batch.requests.size() >= context_.options.batch_max) {
            still.push_back(candidate);
            continue;
        }
        all_granted = all_granted && granted;
        batch.requests.push_back(candidate.request);
    }
    parked_ = std::move(still);
    if (!skus_.empty() && !batch.requests.empty() && !use_fence(answer, all_granted)) fence_is_stale_ = true;
}

// True when every product of the request is locked for this lane, or nobody can say.
bool Lane::may_go(const Request& request, const bus::LockAnswer& answer) const {
    if (answer.away) return true;
    return every_locked_product(request.command, [this, &answer](std::string_view sku) {
        const auto at = std::ranges::lower_bound(skus_, sku) - skus_.begin();
        return static_cast<bool>(answer.granted[static_cast<std::size_t>(at)]);
    });
}

// Tells the store under which fence the batch writes. False when it writes under none, so that each of its
// transactions draws one of its own under the row locks.
bool Lane::use_fence(const bus::LockAnswer& answer, bool all_granted) {
    if (answer.away || !all_granted) {
        store_.set_fence(0);
        return false;
    }
    if (!answer.is_new && !fence_is_stale_) return true;
    const auto fence = store_.draw_fence();
    store_.set_fence(fence ? *fence : 0);
    fence_is_stale_ = !fence;
    return fence.has_value();
}

// Gives up the locks that nothing here waits for, and those that others wait for.
void Lane::hand_over() {
    {
        const std::lock_guard lock(mutex_);
        const auto looked_at = std::min(queue_.size(), context_.options.batch_max);
        taken_.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(looked_at));
    }
    // The requests stay in the queue until this thread takes them, so their commands may be read without the mutex.
    skus_.clear();
    for (const auto* request : taken_) append_locked_products(request->command, skus_);
    for (const auto& parked : parked_) append_locked_products(parked.request->command, skus_);
    sort_unique(skus_);
    locks_->hand_over(skus_);
}

void Lane::process(Batch& batch) {
    drop_expired(batch);
    if (batch.requests.empty()) return;
    if (context_.failed) return fail_all(batch, Failure::storage_unavailable);
    if (!commit_batch(batch)) return;
    auto& recorder = context_.recorder;
    recorder.batches += 1;
    recorder.commands += batch.requests.size();
    recorder.orders_placed += batch.orders_placed;
    recorder.refusals += batch.refusals;
    recorder.replays += batch.replays;
    publish(batch);
    if (is_shared() || set_.size() > context_.options.working_set_max)
        forget_set();
    else
        set_.forget_documents();
}

// Answers what waited too long; the caller has given up on it, and judging it would only make the rest later.
void Lane::drop_expired(Batch& batch) {
    const auto now = context_.clock.mono_ns();
    Batch expired;
    const auto alive = std::stable_partition(batch.requests.begin(), batch.requests.end(),
                                             [now](const Request* request) { return request->deadline >= now; });
    expired.requests.assign(alive, batch.requests.end());
    batch.requests.erase(alive, batch.requests.end());
    if (expired.requests.empty()) return;
    context_.recorder.expired += expired.requests.size();
    fail_all(expired, Failure::deadline_passed);
    complete_batch(expired);
}

void Lane::forget_set() {
    set_.clear();
    set_prepared_ = false;
}

bool Lane::prepare_set() {
    if (set_prepared_) return true;
    auto last_id = store_.prepare(set_);
    if (!last_id) {
        log::error("engine", fmt::format("cannot prepare the store: {}", last_id.error().detail));
        return false;
    }
    ids_.raise_floor(*last_id);
    set_prepared_ = true;
    return true;
}

// Loads, judges and commits, again as a whole after a conflict. True when the answers stand; false when all requests
// were failed.
bool Lane::commit_batch(Batch& batch) {
    for (std::size_t attempt = 0;; ++attempt) {
        if (!prepare_set()) {
            fail_all(batch, Failure::storage_unavailable);
            return false;
        }
        const auto result = try_batch(batch);
        if (result.status == storage::CommitStatus::committed) return true;
        forget_set();
        // Whoever wrote before us may have drawn a later fence: from here on this batch draws its own.
        store_.set_fence(0);
        fence_is_stale_ = true;
        const bool conflict = result.error.code == storage::StoreErrc::conflict;
        const bool nothing_written = result.status == storage::CommitStatus::not_committed;
        if (!nothing_written || !conflict || attempt >= context_.options.retries_max)
            return settle_commit(batch, result);
        context_.recorder.conflicts += 1;
        pause_before_retry(attempt);
    }
}

storage::CommitResult Lane::try_batch(Batch& batch) {
    batch.clear_result();
    auto known = load_batch(batch, store_, set_);
    if (!known) return {storage::CommitStatus::not_committed, known.error()};
    judge_batch(batch, *known, set_, ids_, context_.clock.wall_ms());
    if (batch.changes.empty()) {
        store_.abandon();
        return {storage::CommitStatus::committed, {}};
    }
    const auto begin = context_.clock.mono_ns();
    auto result = store_.commit(batch.changes);
    context_.recorder.commit_ns_total += static_cast<std::uint64_t>(context_.clock.mono_ns() - begin);
    return result;
}

// Two that got in each other's way must not do so again in step. Only a shared store has others to step aside for.
void Lane::pause_before_retry(std::size_t attempt) {
    if (!is_shared()) return;
    constexpr unsigned step_us = 2000;
    const auto longest = step_us << attempt;
    std::this_thread::sleep_for(std::chrono::microseconds(jitter_() % longest));
}

// After a commit that did not simply succeed: finds out what holds, and answers accordingly.
bool Lane::settle_commit(Batch& batch, const storage::CommitResult& result) {
    log::error("engine", fmt::format("batch of {} not committed: {}", batch.requests.size(), result.error.detail));
    auto status = result.status;
    if (status == storage::CommitStatus::unknown) {
        context_.recorder.commits_unknown += 1;
        status = store_.resolve(batch.changes);
        log::warn("engine", fmt::format("unknown commit resolved: {}", text_of(status)));
        if (status == storage::CommitStatus::committed) return true;
        if (status == storage::CommitStatus::unknown) {
            // What a shared store holds is read anew for the next batch; an exclusive one is known only from memory.
            if (!is_shared()) give_up("the outcome of a commit cannot be told; restart to recover");
            fail_all(batch, Failure::outcome_unknown);
            return false;
        }
    }
    context_.recorder.commits_failed += 1;
    if (result.error.code == storage::StoreErrc::corrupt) give_up(result.error.detail);
    if (result.error.code == storage::StoreErrc::rejected && batch.requests.size() > 1) {
        split(batch);
        return false;
    }
    const bool conflict = result.error.code == storage::StoreErrc::conflict;
    fail_all(batch, conflict ? Failure::busy : Failure::storage_unavailable);
    return false;
}

// One command made the database refuse the whole batch. Each half is tried alone, so that its neighbours are served.
void Lane::split(Batch& batch) {
    const auto middle = batch.requests.begin() + static_cast<std::ptrdiff_t>(batch.requests.size() / 2);
    Batch first;
    Batch second;
    first.requests.assign(batch.requests.begin(), middle);
    second.requests.assign(middle, batch.requests.end());
    batch.requests.clear();
    process(first);
    complete_batch(first);
    process(second);
    complete_batch(second);
}

// The batch is durable: readers see it before its callers are answered, listeners hear of it after. A shared store's
// batch has no feed numbers yet; the relay gives them and tells the listeners.
void Lane::publish(Batch& batch) {
    if (batch.changes.empty()) return;
    auto& changes = batch.changes;
    const auto last = changes.items.empty() ? 0 : domain::seq_of(changes.items.back());
    context_.stock.apply(changes, last);
    context_.accounts.apply(changes);
    complete_batch(batch);
    if (last == 0) {
        if (is_shared() && context_.on_committed) context_.on_committed();
        return;
    }
    auto feed = std::make_shared<domain::FeedBatch>();
    feed->first = domain::seq_of(changes.items.front());
    feed->items = std::move(changes.items);
    context_.bus.publish(std::move(feed));
}

void Lane::give_up(std::string_view why) {
    if (!context_.failed.exchange(true)) log::error("engine", fmt::format("no longer taking commands: {}", why));
}

}  // namespace onhand::engine
