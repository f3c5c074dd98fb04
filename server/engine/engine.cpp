#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"

namespace onhand::engine {

Engine::Engine(const Options& options, storage::Store& store, bus::Bus& bus, StockView& stock, AccountBook& accounts,
               const Clock& clock)
    : options_(options),
      store_(store),
      bus_(bus),
      stock_(stock),
      accounts_(accounts),
      clock_(clock),
      ids_(seeded_random()) {
    ensure(options.batch_max > 0 && options.queue_max >= options.batch_max, "a full batch fits in the queue");
}

Engine::~Engine() {
    stop();
}

Result<void, storage::StoreError> Engine::start() {
    ensure(!lane_.joinable(), "the engine is started once");
    auto last_id = store_.prepare(set_);
    if (!last_id) return last_id.error();
    ids_.raise_floor(*last_id);
    set_prepared_ = true;
    recorder_.head = store_.head();
    queue_.reserve(options_.queue_max);
    lane_ = std::thread([this] { run(); });
    return {};
}

std::size_t Engine::submit(std::span<Request* const> requests) {
    const auto deadline = clock_.mono_ns() + options_.deadline_ns;
    std::size_t taken = 0;
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) {
            was_empty = queue_.empty();
            taken = std::min(requests.size(), options_.queue_max - queue_.size());
            for (auto* request : requests.first(taken)) {
                ensure(request->sink != nullptr, "a request knows where to go back to");
                if (request->deadline == 0) request->deadline = deadline;
                queue_.push_back(request);
            }
        }
    }
    if (was_empty && taken > 0) wake_.notify_one();
    recorder_.busy += requests.size() - taken;
    return taken;
}

void Engine::stop() {
    draining_ = true;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (lane_.joinable()) lane_.join();
}

Stats Engine::stats() const {
    Stats stats;
    stats.batches = recorder_.batches;
    stats.commands = recorder_.commands;
    stats.orders_placed = recorder_.orders_placed;
    stats.refusals = recorder_.refusals;
    stats.replays = recorder_.replays;
    stats.busy = recorder_.busy;
    stats.expired = recorder_.expired;
    stats.commits_failed = recorder_.commits_failed;
    stats.commits_unknown = recorder_.commits_unknown;
    stats.commit_ns_total = recorder_.commit_ns_total;
    stats.head = recorder_.head;
    const std::lock_guard lock(mutex_);
    stats.queue_length = queue_.size();
    return stats;
}

void Engine::run() {
    Batch batch;
    while (take_batch(batch)) {
        try {
            process(batch);
        } catch (const std::exception& error) {
            // A bug, or memory is gone: what the batch did is not known here, so nobody is told that it did nothing.
            give_up(fmt::format("exception on the lane: {}", error.what()));
            fail_all(batch, Failure::outcome_unknown);
        }
        complete_batch(batch);
    }
}

// Moves what waits into `batch`; false when the engine stops and nothing is left.
bool Engine::take_batch(Batch& batch) {
    ensure(batch.requests.empty(), "the last batch was handed back");
    batch.clear_result();
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return false;
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.batch_max));
    batch.requests.assign(queue_.begin(), queue_.begin() + count);
    queue_.erase(queue_.begin(), queue_.begin() + count);
    return true;
}

void Engine::process(Batch& batch) {
    drop_expired(batch);
    if (batch.requests.empty()) return;
    if (failed()) return fail_all(batch, Failure::storage_unavailable);
    if (!commit_batch(batch)) return;
    recorder_.batches += 1;
    recorder_.commands += batch.requests.size();
    recorder_.orders_placed += batch.orders_placed;
    recorder_.refusals += batch.refusals;
    recorder_.replays += batch.replays;
    publish(batch);
    if (!store_.rows_stay_valid() || set_.size() > options_.working_set_max)
        forget_set();
    else
        set_.forget_documents();
}

// Answers what waited too long; the caller has given up on it, and judging it would only make the rest later.
void Engine::drop_expired(Batch& batch) {
    const auto now = clock_.mono_ns();
    Batch expired;
    const auto alive = std::stable_partition(batch.requests.begin(), batch.requests.end(),
                                             [now](const Request* request) { return request->deadline >= now; });
    expired.requests.assign(alive, batch.requests.end());
    batch.requests.erase(alive, batch.requests.end());
    if (expired.requests.empty()) return;
    recorder_.expired += expired.requests.size();
    fail_all(expired, Failure::deadline_passed);
    complete_batch(expired);
}

void Engine::forget_set() {
    set_.clear();
    set_prepared_ = false;
}

bool Engine::prepare_set() {
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
bool Engine::commit_batch(Batch& batch) {
    for (std::size_t attempt = 0;; ++attempt) {
        batch.clear_result();
        if (!prepare_set()) {
            fail_all(batch, Failure::storage_unavailable);
            return false;
        }
        auto known = load_batch(batch, store_, set_);
        storage::CommitResult result;
        if (known) {
            judge_batch(batch, *known, set_, ids_, clock_.wall_ms());
            if (batch.changes.empty()) return true;
            const auto begin = clock_.mono_ns();
            result = store_.commit(batch.changes);
            recorder_.commit_ns_total += static_cast<std::uint64_t>(clock_.mono_ns() - begin);
            if (result.status == storage::CommitStatus::committed) return true;
        } else {
            result = {storage::CommitStatus::not_committed, known.error()};
        }
        forget_set();
        const bool conflict = result.error.code == storage::StoreErrc::conflict;
        if (result.status == storage::CommitStatus::not_committed && conflict && attempt < options_.retries_max)
            continue;
        return settle_commit(batch, result);
    }
}

// After a commit that did not simply succeed: finds out what holds, and answers accordingly.
bool Engine::settle_commit(Batch& batch, const storage::CommitResult& result) {
    log::error("engine", fmt::format("batch of {} not committed: {}", batch.requests.size(), result.error.detail));
    auto status = result.status;
    if (status == storage::CommitStatus::unknown) {
        recorder_.commits_unknown += 1;
        status = store_.resolve(batch.changes);
        log::warn("engine", fmt::format("unknown commit resolved: {}",
                                        status == storage::CommitStatus::committed       ? "committed"
                                        : status == storage::CommitStatus::not_committed ? "not committed"
                                                                                         : "still unknown"));
        if (status == storage::CommitStatus::committed) return true;
        if (status == storage::CommitStatus::unknown) {
            give_up("the outcome of a commit cannot be told; restart to recover");
            fail_all(batch, Failure::outcome_unknown);
            return false;
        }
    }
    recorder_.commits_failed += 1;
    if (result.error.code == storage::StoreErrc::corrupt) give_up(result.error.detail);
    if (result.error.code == storage::StoreErrc::rejected && batch.requests.size() > 1) {
        split(batch);
        return false;
    }
    fail_all(batch, Failure::storage_unavailable);
    return false;
}

// One command made the database refuse the whole batch. Each half is tried alone, so that its neighbours are served.
void Engine::split(Batch& batch) {
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

// The batch is durable: readers see it before its callers are answered, listeners hear of it after.
void Engine::publish(Batch& batch) {
    if (batch.changes.empty()) return;
    const auto head = batch.changes.items.empty() ? recorder_.head.load() : domain::seq_of(batch.changes.items.back());
    stock_.apply(batch.changes, head);
    accounts_.apply(batch.changes);
    recorder_.head = head;
    complete_batch(batch);
    if (batch.changes.items.empty()) return;
    auto feed = std::make_shared<domain::FeedBatch>();
    feed->first = domain::seq_of(batch.changes.items.front());
    feed->items = std::move(batch.changes.items);
    bus_.publish(std::move(feed));
}

void Engine::give_up(std::string_view why) {
    if (!failed_.exchange(true)) log::error("engine", fmt::format("no longer taking commands: {}", why));
}

}  // namespace onhand::engine
