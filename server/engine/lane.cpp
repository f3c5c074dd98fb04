#include "engine/lane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "base/sort_unique.hpp"
#include "base/thread_name.hpp"
#include "engine/locked_products.hpp"

namespace onhand::engine {

namespace {

// While requests wait for a lock, how often it is asked for again when nobody says that it is free.
constexpr std::chrono::milliseconds lock_poll{5};
constexpr std::size_t known_rows_max = 60'000;  // of a shared store, kept to presume on; some 20 MB
constexpr MonoNanos patience_ns = std::chrono::nanoseconds(bus::lock_patience).count();

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
    name_thread("lane");
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

// Returns when there is something to try: new requests, parked ones whose lock may be free, or a lock that another lane
// wants. False when the lane stops and nothing is left.
bool Lane::wait_for_work(std::unique_lock<std::mutex>& lock) {
    const auto something = [this] { return lock_is_free_ || !queue_.empty(); };
    if (parked_.empty())
        wake_.wait(lock, [&] { return stopping_ || something(); });
    else
        wake_.wait_for(lock, lock_poll, something);
    const bool is_told = std::exchange(lock_is_free_, false);
    return is_told || !queue_.empty() || !parked_.empty();
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
    if (!skus_.empty() && !batch.requests.empty()) use_fence(answer, all_granted);
}

// True when every product of the request is locked for this lane, or nobody can say.
bool Lane::may_go(const Request& request, const bus::LockAnswer& answer) const {
    if (answer.away) return true;
    return every_locked_product(request.command, [this, &answer](std::string_view sku) {
        const auto at = std::ranges::lower_bound(skus_, sku) - skus_.begin();
        return static_cast<bool>(answer.granted[static_cast<std::size_t>(at)]);
    });
}

// Tells the store under which fence the batch writes: that of its locks, or one that it draws under the row locks. The
// latter is the locks' own from then on if they are held.
void Lane::use_fence(const bus::LockAnswer& answer, bool all_granted) {
    keeps_fence_ = !answer.away && all_granted;
    rows_may_hold_ = keeps_fence_ && !answer.is_new;
    if (keeps_fence_ && !answer.is_new && !fence_is_stale_) return;
    store_.set_fence(0);
    fence_is_stale_ = true;
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
    if (set_.size() > context_.options.working_set_max)
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

// The rows of a batch that was loaded and stands, for batches that will be judged on what is known.
void Lane::remember(const Batch& batch) {
    if (known_.size() > known_rows_max) known_.clear();
    for (const auto& [key, level] : batch.changes.levels)
        if (known_.has_level(key)) known_.put_level(level);
    for (const auto* request : batch.requests) {
        if (Presumer::changes_products(request->command)) return known_.clear();
        if (const auto* order = std::get_if<domain::PlaceOrder>(&request->command))
            Presumer::copy_rows(*order, set_, known_);
    }
    auto& numbers = set_.sequences.order_number;
    while (numbers.reserved() > 0) known_.sequences.order_number.reserve(numbers.take());
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
    bool presumes_keys = false;
    if (may_presume(batch)) {
        auto result = try_presumed(batch);
        if (result.status == storage::CommitStatus::unknown) result.status = resolve(batch, result);
        if (result.status == storage::CommitStatus::committed) return true;
        known_.clear();
        if (result.status == storage::CommitStatus::unknown) return fail_unknown(batch);
        presumer_.note_rows(false);
    } else if (is_shared()) {
        presumes_keys = presumer_.keys_seem_new(batch);
    }
    for (std::size_t attempt = 0;; ++attempt) {
        // Rows of earlier batches are not locked in this one's transaction.
        if (is_shared()) forget_set();
        if (!prepare_set()) {
            fail_all(batch, Failure::storage_unavailable);
            return false;
        }
        const auto result = try_batch(batch, !presumes_keys);
        const bool conflict = result.error.code == storage::StoreErrc::conflict;
        if (std::exchange(presumes_keys, false)) presumer_.note_keys(!conflict);
        if (result.status == storage::CommitStatus::committed) {
            if (is_shared() && store_.presumes()) remember(batch);
            return true;
        }
        forget_set();
        // Whoever wrote before us may have drawn a later fence: from here on this batch draws its own.
        store_.set_fence(0);
        fence_is_stale_ = true;
        keeps_fence_ = false;
        const bool nothing_written = result.status == storage::CommitStatus::not_committed;
        if (!nothing_written || !conflict || attempt >= context_.options.retries_max)
            return settle_commit(batch, result);
        context_.recorder.conflicts += 1;
        pause_before_retry(attempt);
    }
}

bool Lane::may_presume(const Batch& batch) {
    if (!is_shared() || !store_.presumes()) return false;
    presumer_.drop_old_numbers(known_, context_.clock.mono_ns());
    return (!locks_ || rows_may_hold_) && presumer_.fits(batch, known_);
}

// Judges and commits on the rows that are there. A conflict when that cannot be: also when a request was refused, for
// only rows that the batch changes are held against the database.
storage::CommitResult Lane::try_presumed(Batch& batch) {
    batch.clear_result();
    storage::KnownKeys all_new(batch.requests.size());
    judge_batch(batch, all_new, known_, ids_, context_.clock.wall_ms());
    if (batch.refusals > 0 || batch.replays > 0)
        return {storage::CommitStatus::not_committed, {storage::StoreErrc::conflict, "not all were accepted"}};
    auto result = commit(batch, &presumer_.rows());
    known_.forget_documents();
    if (result.status == storage::CommitStatus::committed)
        presumer_.note_rows(true);
    else if (result.error.code == storage::StoreErrc::conflict)
        context_.recorder.conflicts += 1;
    return result;
}

storage::CommitResult Lane::try_batch(Batch& batch, bool look_up_keys) {
    batch.clear_result();
    auto known = load_batch(batch, store_, set_, look_up_keys, numbers_ahead(batch));
    if (!known) return {storage::CommitStatus::not_committed, known.error()};
    judge_batch(batch, *known, set_, ids_, context_.clock.wall_ms());
    if (batch.changes.empty()) {
        store_.abandon();
        return {storage::CommitStatus::committed, {}};
    }
    // The rows are locked: who waits for a product may have its lock now, and waits for the rows while this is written.
    if (locks_ && locks_->others_wait()) hand_over();
    auto result = commit(batch, nullptr);
    if (result.status == storage::CommitStatus::committed && locks_ && keeps_fence_) {
        store_.set_fence(store_.fence_of_batch());
        fence_is_stale_ = false;
    }
    return result;
}

// Order numbers that a load reserves for the batches behind it, which may then do without one.
std::size_t Lane::numbers_ahead(const Batch& batch) {
    if (!is_shared() || !store_.presumes() || (locks_ && !keeps_fence_)) return 0;
    const auto requests = batch.requests.size();
    const auto ahead = Presumer::numbers_ahead(requests, known_.sequences.order_number.reserved());
    if (ahead > 0) presumer_.note_numbers(context_.clock.mono_ns());
    return ahead;
}

// `rows`: what was presumed; null for a batch that was loaded.
storage::CommitResult Lane::commit(Batch& batch, const storage::Presumption* rows) {
    const auto begin = context_.clock.mono_ns();
    storage::CommitResult result;
    if (rows == nullptr) {
        result = store_.commit(batch.changes);
    } else {
        const auto ahead = Presumer::numbers_ahead(batch.requests.size(), known_.sequences.order_number.reserved());
        if (ahead > 0) presumer_.note_numbers(begin);
        result = store_.commit_presumed(batch.changes, *rows, ahead, known_);
    }
    context_.recorder.commit_ns_total += static_cast<std::uint64_t>(context_.clock.mono_ns() - begin);
    if (is_shared() && result.status == storage::CommitStatus::committed) presumer_.note_committed(batch);
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
    if (result.status == storage::CommitStatus::unknown) {
        const auto status = resolve(batch, result);
        if (status == storage::CommitStatus::committed) return true;
        if (status == storage::CommitStatus::unknown) return fail_unknown(batch);
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

storage::CommitStatus Lane::resolve(Batch& batch, const storage::CommitResult& result) {
    log::warn("engine", fmt::format("the outcome of a commit is unknown: {}", result.error.detail));
    context_.recorder.commits_unknown += 1;
    forget_set();
    const auto status = store_.resolve(batch.changes);
    log::warn("engine", fmt::format("unknown commit resolved: {}", text_of(status)));
    return status;
}

// What a shared store holds is read anew for the next batch; an exclusive one is known only from memory.
bool Lane::fail_unknown(Batch& batch) {
    if (!is_shared()) give_up("the outcome of a commit cannot be told; restart to recover");
    fail_all(batch, Failure::outcome_unknown);
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
