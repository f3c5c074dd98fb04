#include "engine/cluster.hpp"

#include <string>

namespace onhand::engine {

namespace {

std::string bytes_of(const domain::TokenHash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

Cluster::Cluster(storage::ReadStore& store, AccountBook& accounts, const Relay& relay, bus::Counter* counter,
                 bus::LockService* locks, bool redis_expected)
    : store_(store),
      accounts_(accounts),
      relay_(relay),
      counter_(counter),
      locks_(locks),
      redis_expected_(redis_expected) {}

bool Cluster::is_missing(const domain::TokenHash& hash) {
    const std::lock_guard lock(mutex_);
    const auto found = missing_.find(bytes_of(hash));
    return found != missing_.end() && std::chrono::steady_clock::now() - found->second < missing_for;
}

void Cluster::note_missing(const domain::TokenHash& hash) {
    const std::lock_guard lock(mutex_);
    if (missing_.size() >= missing_max) missing_.clear();
    missing_[bytes_of(hash)] = std::chrono::steady_clock::now();
}

bool Cluster::fetch_session(const domain::TokenHash& hash) {
    if (is_missing(hash)) return false;
    const auto session = store_.session(hash);
    if (!session) return false;
    if (!*session) {
        note_missing(hash);
        return false;
    }
    const domain::AccountId id = (*session)->account;
    auto accounts = store_.accounts({&id, 1});
    if (!accounts || accounts->empty()) return false;
    domain::Changes changes;
    changes.accounts = std::move(*accounts);
    changes.sessions.push_back({**session, false});
    accounts_.apply(changes);
    return true;
}

std::optional<std::int64_t> Cluster::count(std::string_view key, std::chrono::milliseconds window) {
    return counter_ == nullptr ? std::nullopt : counter_->add(key, window);
}

std::optional<std::int64_t> Cluster::counted(std::string_view key) {
    return counter_ == nullptr ? std::nullopt : counter_->read(key);
}

std::vector<bus::LockView> Cluster::held_locks(std::size_t limit) {
    return locks_ == nullptr ? std::vector<bus::LockView>{} : locks_->held(limit);
}

ClusterStats Cluster::stats() const {
    ClusterStats stats;
    stats.relay = relay_.stats();
    stats.locking = locks_ != nullptr;
    if (locks_ != nullptr) stats.locks = locks_->stats();
    stats.redis_expected = redis_expected_;
    stats.redis_connected = stats.relay.connected && (!stats.locking || stats.locks.connected);
    return stats;
}

}  // namespace onhand::engine
