#include "engine/relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "base/fixed_number.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace onhand::engine {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds idle_connected{500};  // messages come: the outbox is looked at for those that got lost
constexpr milliseconds idle_alone{50};       // nobody tells: the outbox is the only way
constexpr milliseconds gap_patience{3};      // messages of two instances may cross; then the gap is read
constexpr milliseconds retry_pause{100};     // after the database did not answer
// Between the beginnings of two steps: commits in between share one. A step is a transaction that the lanes' own
// compete with for processor and disk, so there are fewer when each has much to number.
constexpr milliseconds step_gap{2};
constexpr milliseconds step_gap_busy{6};
constexpr std::size_t step_bytes_busy = 4096;  // about thirty orders

// A message of the topic feed: number and first feed number as 8 bytes each, low ones first, then the batch.
constexpr std::size_t header_bytes = 2 * fixed_number_bytes;

std::string message_of(const storage::NumberedBatch& batch) {
    std::string message;
    message.reserve(header_bytes + batch.bytes.size());
    append_fixed_number(message, static_cast<std::uint64_t>(batch.number));
    append_fixed_number(message, static_cast<std::uint64_t>(batch.first));
    message += batch.bytes;
    return message;
}

}  // namespace

Relay::Relay(storage::Outbox& outbox, storage::ReadStore& store, bus::Channel* channel, bus::Bus& bus, StockView& stock,
             AccountBook& accounts)
    : outbox_(outbox), store_(store), channel_(channel), bus_(bus), stock_(stock), accounts_(accounts) {
    if (channel_ == nullptr) return;
    channel_->subscribe(bus::Topic::feed, [this](std::string_view bytes) { on_message(bytes); });
    channel_->on_connected([this] {
        {
            const std::lock_guard lock(mutex_);
            look_ = true;
        }
        changed_.notify_one();
    });
}

Relay::~Relay() {
    stop();
}

void Relay::start(storage::ReadStore::Moment moment) {
    ensure(!thread_.joinable(), "the relay is started once");
    last_ = moment.batch;
    batch_ = moment.batch;
    // What a process that ended left without a number is numbered by the next one.
    numbering_due_ = looking_due_ = true;
    thread_ = std::thread([this] { run(); });
}

void Relay::wake() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(committed_, true)) return;  // told already
    }
    changed_.notify_one();
}

void Relay::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

RelayStats Relay::stats() const {
    RelayStats stats;
    stats.numbered = numbered_;
    stats.applied = applied_;
    stats.caught_up = caught_up_;
    stats.failures = failures_;
    stats.batch = batch_;
    stats.connected = channel_ != nullptr && channel_->connected();
    return stats;
}

void Relay::run() {
    name_thread("relay");
    for (bool stopping = false; !stopping;) {
        stopping = wait();
        take_messages();
        if ((numbering_due_ || stopping) && !number()) continue;
        apply_early();
        if (!was_down_ && (looking_due_ || gap_is_old())) catch_up();
    }
}

// True when what is missing should have come by now.
bool Relay::gap_is_old() {
    if (early_.empty()) {
        gap_since_.reset();
        return false;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!gap_since_) gap_since_ = now;
    return now - *gap_since_ >= gap_patience;
}

// Sleeps until there is something to do, and notes what. True when the relay stops.
bool Relay::wait() {
    const bool alone = channel_ == nullptr || !channel_->connected();
    auto longest = alone ? idle_alone : idle_connected;
    if (!early_.empty()) longest = gap_patience;
    if (was_down_) longest = retry_pause;
    std::unique_lock lock(mutex_);
    const bool woken = (numbering_due_ && !was_down_) || sleep(lock, std::chrono::steady_clock::now() + longest);
    const bool is_due = !woken && early_.empty();
    const bool may_step = is_due || stopping_ || std::chrono::steady_clock::now() >= next_step_;
    numbering_due_ = (may_step && std::exchange(committed_, false)) || numbering_due_ || is_due;
    looking_due_ = std::exchange(look_, false) || looking_due_ || is_due;
    messages_.swap(inbox_);
    return stopping_;
}

// True when there is something to do, false at `end`. While the database does not answer, asking more often would only
// keep it from coming back.
bool Relay::sleep(std::unique_lock<std::mutex>& lock, Time end) {
    for (;;) {
        if (stopping_) return true;
        const auto now = std::chrono::steady_clock::now();
        const bool waits_for_step = committed_ && !was_down_;
        if (!was_down_ && (look_ || !inbox_.empty())) return true;
        if (waits_for_step && now >= next_step_) return true;
        if (now >= end) return false;
        changed_.wait_until(lock, waits_for_step ? std::min(end, next_step_) : end);
    }
}

void Relay::take_messages() {
    for (auto& batch : messages_) add_early(std::move(batch));
    messages_.clear();
}

// On the channel's thread.
void Relay::on_message(std::string_view bytes) {
    // What makes no sense is left out: the batch it stood for is read from the outbox.
    if (bytes.size() < header_bytes) return;
    storage::NumberedBatch batch{static_cast<std::int64_t>(fixed_number_at(bytes, 0)),
                                 static_cast<std::int64_t>(fixed_number_at(bytes, fixed_number_bytes)),
                                 std::string(bytes.substr(header_bytes))};
    {
        const std::lock_guard lock(mutex_);
        if (inbox_.size() >= early_max) {
            look_ = true;
            return;
        }
        inbox_.push_back(std::move(batch));
    }
    changed_.notify_one();
}

void Relay::add_early(storage::NumberedBatch batch) {
    const auto number = batch.number;
    if (number <= last_ || number > last_ + static_cast<std::int64_t>(early_max)) {
        // Far ahead of what is known here: much was missed.
        looking_due_ = looking_due_ || number > last_;
        return;
    }
    early_.try_emplace(number, std::move(batch));
}

// One relay step: what is committed gets its numbers, and everybody hears of it. False when the database failed.
bool Relay::number() {
    const auto begin = std::chrono::steady_clock::now();
    next_step_ = begin + step_gap;
    auto step = outbox_.number(last_, step_max);
    if (!step) {
        return failed("cannot number the feed", step.error().detail);
    }
    was_down_ = false;
    numbering_due_ = step->given == step_max;
    // What lies beyond the answer is read when its turn comes.
    looking_due_ = looking_due_ || static_cast<std::int64_t>(step->batches.size()) == step_max;
    numbered_ += static_cast<std::uint64_t>(step->given);
    std::size_t bytes = 0;
    for (auto& batch : step->batches) {
        bytes += batch.bytes.size();
        const auto place = batch.number - step->first_given;
        const bool is_given = place >= 0 && place < step->given;
        if (channel_ != nullptr && is_given) channel_->publish(bus::Topic::feed, message_of(batch));
        add_early(std::move(batch));
    }
    if (bytes >= step_bytes_busy) next_step_ = begin + step_gap_busy;
    return true;
}

// Applies what is here and next in turn. False when some of it could not be.
bool Relay::apply_early() {
    while (!early_.empty() && early_.begin()->first == last_ + 1) {
        if (!apply(early_.begin()->second)) return false;
        early_.erase(early_.begin());
    }
    return true;
}

// Reads what is missing from the outbox. False when the database failed.
bool Relay::catch_up() {
    for (;;) {
        auto missed = outbox_.read(last_, step_max);
        if (!missed) {
            return failed("cannot read the outbox", missed.error().detail);
        }
        was_down_ = false;
        for (const auto& batch : *missed) {
            ensure(batch.number == last_ + 1, "the outbox has no gaps");
            if (!apply(batch)) {
                // When the outbox itself cannot be read, this process cannot follow, and says so until it is replaced.
                return was_down_ ? false : failed("a batch cannot be read", fmt::format("number {}", batch.number));
            }
            ++caught_up_;
        }
        early_.erase(early_.begin(), early_.upper_bound(last_));
        if (static_cast<std::int64_t>(missed->size()) < step_max) break;
    }
    looking_due_ = false;
    gap_since_.reset();
    return apply_early();
}

bool Relay::apply(const storage::NumberedBatch& batch) {
    auto news = domain::decode_batch(batch.bytes, batch.first);
    if (!news) {
        // A damaged message, or a batch of a later version. The outbox is asked for it.
        early_.erase(batch.number);
        looking_due_ = true;
        return false;
    }
    if (!refresh_accounts(*news)) return false;
    domain::Changes changes;
    for (const auto& level : news->levels) changes.levels[level.key] = level;
    for (const auto& item : news->items)
        if (const auto* movement = std::get_if<domain::Movement>(&item))
            changes.levels[movement->after.key] = movement->after;
    changes.items = std::move(news->items);
    const auto head = changes.items.empty() ? 0 : domain::seq_of(changes.items.back());
    stock_.apply(changes, head);
    last_ = batch.number;
    batch_ = batch.number;
    ++applied_;
    if (changes.items.empty()) return true;
    auto feed = std::make_shared<domain::FeedBatch>();
    feed->first = batch.first;
    feed->items = std::move(changes.items);
    bus_.publish(std::move(feed));
    return true;
}

// Batches name the accounts and sessions that changed; what they are now is in the database.
bool Relay::refresh_accounts(const domain::BatchNews& news) {
    domain::Changes changes;
    changes.sessions_ended_of = news.sessions_ended_of;
    if (!news.accounts.empty()) {
        auto rows = store_.accounts(news.accounts);
        if (!rows) return failed("cannot read accounts", rows.error().detail);
        changes.accounts = std::move(*rows);
    }
    for (const auto& hash : news.sessions) {
        const auto row = store_.session(hash);
        if (!row) return failed("cannot read a session", row.error().detail);
        domain::SessionChange change;
        change.ended = !row->has_value();
        if (*row)
            change.session = **row;
        else
            change.session.token_hash = hash;
        changes.sessions.push_back(change);
    }
    accounts_.apply(changes);
    return true;
}

// Counts and says it, once per state; false, for the caller to return.
bool Relay::failed(std::string_view what, const std::string& detail) {
    ++failures_;
    if (!std::exchange(was_down_, true)) log::warn("relay", fmt::format("{}: {}", what, detail));
    return false;
}

}  // namespace onhand::engine
