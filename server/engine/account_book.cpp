#include "engine/account_book.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace onhand::engine {

std::size_t AccountBook::HashOfHash::operator()(const domain::TokenHash& hash) const noexcept {
    // The token hash is uniformly random already: its first bytes will do.
    std::size_t value = 0;
    std::memcpy(&value, hash.data(), sizeof value);
    return value;
}

namespace {

std::shared_ptr<const Identity> identity_of(const domain::Account& account, const domain::Session& session) {
    auto identity = std::make_shared<Identity>();
    identity->account = account.id;
    identity->uuid = account.uuid;
    identity->email = account.email;
    identity->name = account.name;
    identity->role = account.role;
    identity->token_hash = session.token_hash;
    identity->expires_at = session.expires_at;
    identity->seen_at = session.seen_at;
    return identity;
}

}  // namespace

void AccountBook::put_account_locked(domain::Account account) {
    const auto id = raw(account.id);
    // Of two processes' changes the later may be heard of first.
    if (const auto known = accounts_.find(id); known != accounts_.end() && known->second.version > account.version)
        return;
    by_uuid_[account.uuid] = id;
    by_email_[account.email] = id;
    for (auto& [hash, entry] : sessions_)
        if (entry.session.account == account.id) entry.identity = identity_of(account, entry.session);
    accounts_[id] = std::move(account);
}

void AccountBook::put_session_locked(const domain::Session& session) {
    const auto found = accounts_.find(raw(session.account));
    if (found == accounts_.end()) return;
    sessions_[session.token_hash] = {session, identity_of(found->second, session)};
}

void AccountBook::put_account(domain::Account account) {
    const std::unique_lock lock(mutex_);
    put_account_locked(std::move(account));
}

void AccountBook::put_session(const domain::Session& session) {
    const std::unique_lock lock(mutex_);
    put_session_locked(session);
}

void AccountBook::apply(const domain::Changes& changes) {
    if (changes.accounts.empty() && changes.sessions.empty() && changes.sessions_ended_of.empty()) return;
    const std::unique_lock lock(mutex_);
    for (const auto& account : changes.accounts) put_account_locked(account);
    for (const auto& change : changes.sessions) {
        if (change.ended)
            sessions_.erase(change.session.token_hash);
        else
            put_session_locked(change.session);
    }
    for (const auto account : changes.sessions_ended_of)
        std::erase_if(sessions_, [account](const auto& entry) { return entry.second.session.account == account; });
    epoch_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Identity> AccountBook::find_session(const domain::TokenHash& hash, UnixMillis now) const {
    const std::shared_lock lock(mutex_);
    const auto found = sessions_.find(hash);
    if (found == sessions_.end()) return nullptr;
    const auto& session = found->second.session;
    if (now >= session.expires_at || now >= session.seen_at + session_idle_ms) return nullptr;
    const auto account = accounts_.find(raw(session.account));
    if (account == accounts_.end() || account->second.disabled) return nullptr;
    return found->second.identity;
}

std::optional<domain::Account> AccountBook::by_id(domain::AccountId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = accounts_.find(raw(id));
    if (found == accounts_.end()) return std::nullopt;
    return found->second;
}

std::optional<domain::Account> AccountBook::by_email(std::string_view email) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_email_.find(std::string(email));
    if (found == by_email_.end()) return std::nullopt;
    return accounts_.at(found->second);
}

std::optional<domain::Account> AccountBook::by_uuid(const Uuid& id) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_uuid_.find(id);
    if (found == by_uuid_.end()) return std::nullopt;
    return accounts_.at(found->second);
}

Uuid AccountBook::uuid_of(domain::AccountId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = accounts_.find(raw(id));
    return found == accounts_.end() ? Uuid{} : found->second.uuid;
}

std::vector<domain::Account> AccountBook::accounts() const {
    std::vector<domain::Account> all;
    {
        const std::shared_lock lock(mutex_);
        all.reserve(accounts_.size());
        for (const auto& [id, account] : accounts_) all.push_back(account);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

bool AccountBook::empty() const {
    const std::shared_lock lock(mutex_);
    return accounts_.empty();
}

}  // namespace onhand::engine
