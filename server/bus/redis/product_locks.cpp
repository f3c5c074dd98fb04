#include "bus/redis/product_locks.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ensure.hpp"

namespace onhand::bus::redis {
namespace {

MonoNanos nanos(std::chrono::milliseconds time) {
    return std::chrono::nanoseconds(time).count();
}

bool contains(std::span<const std::string_view> sorted, std::string_view sku) {
    return std::ranges::binary_search(sorted, sku);
}

// What the script said of the product at `index`, if it makes sense.
std::optional<LockResult> result_at(ReplyView reply, std::size_t index) {
    const auto element = reply[index];
    if (!element.is_integer() || element.integer() < 0 || element.integer() > lock_result_last) return std::nullopt;
    return static_cast<LockResult>(element.integer());
}

}  // namespace

RedisProductLocks::RedisProductLocks(LockSurroundings& surroundings, std::string owner,
                                     std::shared_ptr<LaneSignals> signals)
    : surroundings_(surroundings),
      owner_(std::move(owner)),
      signals_(std::move(signals)),
      errands_per_call_(surroundings.locator.is_cluster() ? 1 : skus_per_call_max),
      runner_(surroundings.locator, lock_script(),
              [this](std::uint64_t tag, ReplyView reply) { on_late(tag, reply); }) {}

RedisProductLocks::~RedisProductLocks() {
    signals_->set_on_free({});
}

void RedisProductLocks::on_free(std::function<void()> callback) {
    signals_->set_on_free(std::move(callback));
}

SteadyTime RedisProductLocks::deadline() const {
    return std::chrono::steady_clock::now() + surroundings_.options.call_max;
}

// --- acquire

LockAnswer RedisProductLocks::acquire(std::span<const std::string_view> skus) {
    hear();
    const auto now = surroundings_.clock.mono_ns();
    LockAnswer answer;
    answer.granted.assign(skus.size(), false);
    auto errands = errands_for(skus, answer, now);
    const bool must_ask = !errands.empty();
    if (!must_ask && surroundings_.options.keep_idle.count() > 0) add_extensions(skus, now, errands);
    thank_for_gifts(skus, answer, errands);
    add_farewells(skus, errands);
    if (must_ask) {
        ask(errands, answer, now);
    } else if (!errands.empty()) {
        post(errands);
    }
    return answer;
}

// Takes in what others told and what Redis answered meanwhile.
void RedisProductLocks::hear() {
    runner_.read_late();
    // What Redis had of it ended with its lease.
    const auto oldest = surroundings_.clock.mono_ns() - nanos(surroundings_.options.lease);
    std::erase_if(left_behind_, [oldest](const auto& one) { return one.second < oldest; });
    const auto news = signals_->take();
    for (const auto& sku : news.wanted) {
        if (const auto held = held_.find(sku); held != held_.end()) held->second.is_wanted = true;
    }
    if (!news.wanted.empty() || !news.gifts.empty() || news.all_is_stale) look_due_ = true;
    if (news.all_is_stale) {
        for (auto& [sku, held] : held_) held.seen = 0;
    }
    for (auto& [sku, waiting] : waiting_) {
        if (news.all_is_stale || news.free.contains(sku)) waiting.may_be_free = true;
    }
    const auto now = surroundings_.clock.mono_ns();
    for (const auto& [sku, gift] : news.gifts) accept(sku, gift, now);
}

// A lock that this lane did not wait for any more is given back with the next call.
void RedisProductLocks::accept(const std::string& sku, const LaneSignals::Gift& gift, MonoNanos now) {
    if (held_.contains(sku)) return;
    const auto waiting = waiting_.find(sku);
    if (waiting == waiting_.end()) return forget(sku);
    if (now - gift.told >= nanos(gift_believed)) {
        waiting->second.may_be_free = true;
        return;
    }
    waiting_.erase(waiting);
    has_gifts_ = true;
    held_[sku] = Held{.seen = gift.told, .used = now, .is_wanted = gift.others_wait, .is_gift = true};
}

// Gifts among the products asked for are held from now on. Redis is told, so that they do not end; nobody waits for the
// answer. The other gifts are given back.
void RedisProductLocks::thank_for_gifts(std::span<const std::string_view> skus, LockAnswer& answer, Errands& errands) {
    if (!std::exchange(has_gifts_, false)) return;
    const auto asked_count = errands.size();
    for (auto held = held_.begin(); held != held_.end();) {
        const auto& [sku, lock] = *held;
        const bool is_needed = contains(skus, sku);
        if (lock.is_gift && !is_needed) {
            errands.push_back({sku, LockDeed::release, 0});
            held = held_.erase(held);
            continue;
        }
        if (std::exchange(held->second.is_gift, false)) {
            answer.is_new = true;
            surroundings_.counters.acquired.fetch_add(1, std::memory_order_relaxed);
            const auto asked = std::span(errands).first(asked_count);
            const bool is_asked = std::ranges::find(asked, sku, &Errand::sku) != asked.end();
            const auto index = std::ranges::lower_bound(skus, std::string_view(sku)) - skus.begin();
            if (!is_asked) errands.push_back({sku, LockDeed::acquire, static_cast<std::size_t>(index)});
        }
        ++held;
    }
}

// Whether the answer for a product is known without Redis; then `granted` is it.
bool RedisProductLocks::knows(const std::string_view sku, MonoNanos now, bool& granted) const {
    const auto held = held_.find(sku);
    if (held != held_.end()) {
        granted = true;
        return held->second.seen != 0 && now - held->second.seen < believed();
    }
    granted = false;
    const auto waiting = waiting_.find(sku);
    if (waiting == waiting_.end() || !surroundings_.ear.connected()) return false;
    const auto& [asked, is_in_line, may_be_free] = waiting->second;
    return is_in_line && !may_be_free && now - asked < nanos(refusal_believed);
}

// How long Redis's word for a held lock is good.
MonoNanos RedisProductLocks::believed() const {
    const auto& options = surroundings_.options;
    if (options.keep_idle.count() == 0 || !surroundings_.ear.connected()) return nanos(options.keep_max);
    return std::max(nanos(options.keep_max), nanos(options.lease) / believed_part);
}

// Held locks among those asked for whose lease is due, though they are believed in.
void RedisProductLocks::add_extensions(std::span<const std::string_view> skus, MonoNanos now, Errands& errands) {
    const auto due = std::min(believed(), nanos(surroundings_.options.lease) / extended_part);
    for (const auto sku : skus) {
        const auto found = held_.find(sku);
        if (found == held_.end()) continue;
        auto& held = found->second;
        if (held.is_gift || now - held.seen < due || now - held.extended < due) continue;
        held.extended = now;
        errands.push_back({found->first, LockDeed::acquire, 0});
    }
}

RedisProductLocks::Errands RedisProductLocks::errands_for(std::span<const std::string_view> skus, LockAnswer& answer,
                                                          MonoNanos now) {
    Errands errands;
    for (std::size_t i = 0; i < skus.size(); ++i) {
        bool granted = false;
        if (knows(skus[i], now, granted)) {
            answer.granted[i] = granted;
            if (granted) held_.find(skus[i])->second.used = now;
            if (!granted) surroundings_.counters.refused.fetch_add(1, std::memory_order_relaxed);
        } else {
            errands.push_back({std::string(skus[i]), LockDeed::acquire, i});
        }
    }
    return errands;
}

// Lines this lane no longer stands in for anything, and locks that it lost sight of.
void RedisProductLocks::add_farewells(std::span<const std::string_view> skus, Errands& errands) {
    const auto leave = [&](auto& places) {
        std::erase_if(places, [&](const auto& place) {
            if (contains(skus, place.first)) return false;
            errands.push_back({place.first, LockDeed::release, 0});
            return true;
        });
    };
    leave(waiting_);
    for (const auto sku : skus) {
        if (const auto found = left_behind_.find(sku); found != left_behind_.end()) left_behind_.erase(found);
    }
    leave(left_behind_);
}

void RedisProductLocks::ask(const Errands& errands, LockAnswer& answer, MonoNanos now) {
    const auto calls = calls_of(errands);
    const auto replies = runner_.run(calls, deadline());
    const auto per_call = errands_per_call_;
    std::size_t unanswered = 0;
    std::size_t asked = 0;
    for (std::size_t i = 0; i < errands.size(); ++i) {
        const auto& errand = errands[i];
        const auto result = result_at(replies[i / per_call].view(), i % per_call);
        if (errand.deed == LockDeed::acquire) ++asked;
        if (result) {
            note_answer(errand, *result, answer, now);
            continue;
        }
        forget(errand.sku);
        if (errand.deed != LockDeed::acquire) continue;
        ++unanswered;
        answer.granted[errand.index] = true;
        answer.is_new = true;
    }
    if (unanswered == asked) note_away(answer);
}

void RedisProductLocks::note_answer(const Errand& errand, LockResult result, LockAnswer& answer, MonoNanos now) {
    if (errand.deed != LockDeed::acquire) {
        if (result == LockResult::handed_over) ++surroundings_.counters.handed_over;
        return;
    }
    left_behind_.erase(errand.sku);
    if (result == LockResult::refused) {
        surroundings_.counters.refused.fetch_add(1, std::memory_order_relaxed);
        held_.erase(errand.sku);
        waiting_[errand.sku] = Waiting{now, true, false};
        return;
    }
    const bool is_new = result != LockResult::held && result != LockResult::held_others_wait;
    const bool was_known = held_.contains(errand.sku);
    waiting_.erase(errand.sku);
    auto& held = held_[errand.sku];
    held.seen = held.used = now;
    held.is_wanted = result == LockResult::held_others_wait || result == LockResult::taken_others_wait;
    look_due_ = look_due_ || held.is_wanted;
    answer.granted[errand.index] = true;
    if (is_new || !was_known) {
        answer.is_new = true;
        surroundings_.counters.acquired.fetch_add(1, std::memory_order_relaxed);
    }
}

// Nobody answered: the lane goes on as if there were no locks.
void RedisProductLocks::note_away(LockAnswer& answer) {
    while (!held_.empty()) forget(std::string(held_.begin()->first));
    while (!waiting_.empty()) forget(std::string(waiting_.begin()->first));
    answer.granted.assign(answer.granted.size(), true);
    answer.is_new = false;
    answer.away = true;
    surroundings_.counters.away.fetch_add(1, std::memory_order_relaxed);
}

void RedisProductLocks::forget(const std::string& sku) {
    held_.erase(sku);
    waiting_.erase(sku);
    if (left_behind_.size() < left_behind_max) left_behind_[sku] = surroundings_.clock.mono_ns();
}

// --- hand over, release

void RedisProductLocks::hand_over(std::span<const std::string_view> wanted) {
    hear();
    const auto now = surroundings_.clock.mono_ns();
    if (!must_look(now)) return;
    Errands errands;
    for (auto held = held_.begin(); held != held_.end();) {
        const bool is_needed = contains(wanted, held->first);
        // What was given to this lane and not used yet is its turn, whoever waits.
        const bool stays =
            is_needed ? !held->second.is_wanted || held->second.is_gift : may_stay(held->first, held->second, now);
        if (stays) {
            look_due_ = look_due_ || held->second.is_wanted;
            ++held;
            continue;
        }
        if (held->second.is_wanted) note_contest(held->first, now);
        errands.push_back({held->first, is_needed ? LockDeed::hand_over : LockDeed::release, 0});
        if (is_needed) waiting_[held->first] = Waiting{now, false, false};
        held = held_.erase(held);
    }
    add_farewells(wanted, errands);
    if (!errands.empty()) post(errands);
}

// Whether the held locks have to be gone through: many may be kept idle, and mostly nobody wants any of them.
bool RedisProductLocks::must_look(MonoNanos now) {
    const bool keeps_idle = surroundings_.options.keep_idle.count() > 0;
    const bool is_quiet = !look_due_ && contested_.empty() && waiting_.empty() && left_behind_.empty();
    if (keeps_idle && is_quiet && now - looked_ < nanos(surroundings_.options.keep_max)) return false;
    looked_ = now;
    look_due_ = false;
    if (now - swept_ >= nanos(contest_remembered)) {
        swept_ = now;
        std::erase_if(contested_, [now](const auto& one) { return now - one.second >= nanos(contest_remembered); });
    }
    return true;
}

// A lock that nothing here waits for.
bool RedisProductLocks::may_stay(const std::string& sku, const Held& held, MonoNanos now) const {
    if (held.is_wanted || held.is_gift || held_.size() > idle_max || !surroundings_.ear.connected()) return false;
    if (now - held.used >= nanos(surroundings_.options.keep_idle)) return false;
    const auto contest = contested_.find(sku);
    return contest == contested_.end() || now - contest->second >= nanos(contest_remembered);
}

void RedisProductLocks::note_contest(const std::string& sku, MonoNanos now) {
    if (surroundings_.options.keep_idle.count() == 0) return;
    if (contested_.size() >= contested_max) contested_.clear();
    contested_[sku] = now;
}

bool RedisProductLocks::others_wait() {
    hear();
    if (surroundings_.options.keep_idle.count() > 0 && !look_due_) return false;
    return std::ranges::any_of(held_, [](const auto& held) { return held.second.is_wanted && !held.second.is_gift; });
}

void RedisProductLocks::release_all() {
    hear();
    Errands errands;
    for (const auto& [sku, held] : held_) errands.push_back({sku, LockDeed::release, 0});
    held_.clear();
    add_farewells({}, errands);
    if (errands.empty()) return;
    const auto calls = calls_of(errands);
    const auto replies = runner_.run(calls, deadline());
    for (std::size_t i = 0; i < errands.size(); ++i) {
        const auto result = result_at(replies[i / errands_per_call_].view(), i % errands_per_call_);
        if (result == LockResult::handed_over) ++surroundings_.counters.handed_over;
    }
}

// --- calls of the script

std::vector<ScriptCall> RedisProductLocks::calls_of(const Errands& errands) const {
    std::vector<ScriptCall> calls;
    const std::span all(errands);
    const auto per_call = errands_per_call_;
    for (std::size_t i = 0; i < all.size(); i += per_call) {
        calls.push_back(call_of(all.subspan(i, std::min(per_call, all.size() - i))));
    }
    return calls;
}

ScriptCall RedisProductLocks::call_of(std::span<const Errand> errands) const {
    ScriptCall call;
    std::string deeds;
    for (const auto& errand : errands) {
        call.keys.push_back(lock_key(surroundings_.prefix, errand.sku));
        call.keys.push_back(line_key(surroundings_.prefix, errand.sku));
        deeds += static_cast<char>(errand.deed);
    }
    call.arguments = {owner_,
                      std::to_string(surroundings_.options.lease.count()),
                      std::to_string(surroundings_.options.silence_max.count()),
                      std::to_string(line_length_max),
                      std::to_string(surroundings_.options.gift_max.count()),
                      surroundings_.prefix,
                      std::move(deeds)};
    return call;
}

void RedisProductLocks::post(const Errands& errands) {
    const auto per_call = errands_per_call_;
    const std::span all(errands);
    for (std::size_t i = 0; i < all.size(); i += per_call) {
        const auto part = all.subspan(i, std::min(per_call, all.size() - i));
        const auto tag = next_tag_++;
        posted_[tag] = Errands(part.begin(), part.end());
        runner_.post(call_of(part), tag);
    }
}

void RedisProductLocks::on_late(std::uint64_t tag, ReplyView reply) {
    const auto found = posted_.extract(tag);
    ensure(!found.empty(), "an answer belongs to a call");
    const auto& errands = found.mapped();
    for (std::size_t i = 0; i < errands.size(); ++i) {
        const auto result = result_at(reply, i);
        if (result) {
            note_late(errands[i], *result);
        } else if (!held_.contains(errands[i].sku)) {
            forget(errands[i].sku);
        }
    }
}

void RedisProductLocks::note_late(const Errand& errand, LockResult result) {
    if (result == LockResult::handed_over) ++surroundings_.counters.handed_over;
    if (errand.deed == LockDeed::acquire) return note_late_thanks(errand, result);
    if (errand.deed != LockDeed::hand_over) return;
    const auto waiting = waiting_.find(errand.sku);
    if (waiting == waiting_.end()) return;
    if (result == LockResult::handed_over) {
        waiting->second.is_in_line = true;
    } else if (result == LockResult::kept) {
        left_behind_.erase(errand.sku);
        held_[errand.sku] = Held{.seen = waiting->second.asked, .used = waiting->second.asked};
        waiting_.erase(waiting);
    }
}

// The gift was gone already, or taken: the next acquire() asks.
void RedisProductLocks::note_late_thanks(const Errand& errand, LockResult result) {
    const auto held = held_.find(errand.sku);
    if (held == held_.end()) return;
    if (result == LockResult::held_others_wait || result == LockResult::taken_others_wait)
        held->second.is_wanted = look_due_ = true;
    if (held->second.extended != 0 && (result == LockResult::held || result == LockResult::held_others_wait))
        held->second.seen = held->second.extended;
    if (result == LockResult::refused || result == LockResult::taken || result == LockResult::taken_others_wait) {
        held->second.seen = 0;
    }
}

}  // namespace onhand::bus::redis
