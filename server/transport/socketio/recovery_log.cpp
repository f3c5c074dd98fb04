#include "transport/socketio/recovery_log.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace onhand::socketio {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_in_any(const LostSession& session, const std::vector<std::string>& rooms) {
    return std::any_of(rooms.begin(), rooms.end(),
                       [&](const std::string& room) { return room == session.socket_id || has(session.rooms, room); });
}

bool concerns(const RecordedEvent& event, const LostSession& session) {
    if (event.nsp != session.nsp || is_in_any(session, event.target.except)) return false;
    return event.target.rooms.empty() || is_in_any(session, event.target.rooms);
}

std::optional<std::uint64_t> parse_offset(std::string_view offset) {
    std::uint64_t number = 0;
    const auto* end = offset.data() + offset.size();
    const auto [stop, error] = std::from_chars(offset.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

}  // namespace

RecoveryLog::RecoveryLog(Limits limits, std::size_t io_threads) : limits_(limits), inboxes_(io_threads) {}

std::vector<unsigned> RecoveryLog::record(std::string_view nsp, std::string_view json,
                                          const std::vector<Frame>& attachments, Target target,
                                          std::optional<unsigned> only_thread, TimePoint now) {
    std::vector<unsigned> woken;
    auto event = std::make_shared<RecordedEvent>();
    event->at = now;
    event->nsp = nsp;
    event->target = std::move(target);
    const std::lock_guard lock(mutex_);
    event->number = ++last_number_;
    event->packet = encode_event(nsp, json, attachments, std::nullopt, std::to_string(event->number));
    bytes_ += event->packet.size();
    events_.push_back(event);
    prune(now);
    for (unsigned i = 0; i < inboxes_.size(); ++i) {
        if (only_thread && *only_thread != i) continue;
        if (inboxes_[i].empty()) woken.push_back(i);
        inboxes_[i].push_back(event);
    }
    return woken;
}

std::vector<RecordedEventPtr> RecoveryLog::take_inbox(unsigned io_thread) {
    const std::lock_guard lock(mutex_);
    return std::exchange(inboxes_.at(io_thread), {});
}

void RecoveryLog::prune(TimePoint now) {
    while (!events_.empty() && (bytes_ > limits_.bytes_max || events_.front()->at + limits_.window < now)) {
        bytes_ -= events_.front()->packet.size();
        events_.pop_front();
    }
    while (!expiries_.empty() && (expiries_.front().first < now || expiries_.size() > limits_.sessions_max)) {
        // A client that came back and was lost again has a later entry of its own.
        const auto found = sessions_.find(expiries_.front().second);
        if (found != sessions_.end() && found->second.until == expiries_.front().first) sessions_.erase(found);
        expiries_.pop_front();
    }
}

void RecoveryLog::keep(LostSession session, TimePoint now) {
    const std::lock_guard lock(mutex_);
    session.until = now + limits_.window;
    expiries_.emplace_back(session.until, session.private_id);
    auto id = session.private_id;
    sessions_.insert_or_assign(std::move(id), std::move(session));
    prune(now);
}

std::optional<LostSession> RecoveryLog::take(std::string_view private_id, std::string_view nsp, TimePoint now) {
    const std::lock_guard lock(mutex_);
    prune(now);
    const auto found = sessions_.find(std::string(private_id));
    if (found == sessions_.end() || found->second.nsp != nsp) return std::nullopt;
    auto session = std::move(found->second);
    sessions_.erase(found);
    return session;
}

std::optional<RecoveryLog::Missed> RecoveryLog::missed(const LostSession& session, std::string_view offset,
                                                       unsigned io_thread, TimePoint now) {
    const auto seen = parse_offset(offset);
    const std::lock_guard lock(mutex_);
    prune(now);
    const auto first_kept = last_number_ - events_.size() + 1;
    if (!seen || *seen > last_number_ || *seen + 1 < first_kept) return std::nullopt;
    Missed missed;
    missed.inbox = std::exchange(inboxes_.at(io_thread), {});
    for (auto i = static_cast<std::size_t>(*seen + 1 - first_kept); i < events_.size(); ++i) {
        if (concerns(*events_[i], session)) missed.events.push_back(events_[i]);
    }
    return missed;
}

}  // namespace onhand::socketio
