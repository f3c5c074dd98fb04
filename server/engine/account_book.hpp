#pragma once
// Accounts and live sessions in memory, so that every request can be told who sends it without asking the database.
// Filled at start, brought up to date by the lanes before a batch is answered. Thread-safe.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/account.hpp"
#include "domain/changes.hpp"

namespace onhand::engine {

inline constexpr UnixMillis session_idle_ms = 7LL * 24 * 3600 * 1000;       // unused this long: over
inline constexpr UnixMillis session_absolute_ms = 30LL * 24 * 3600 * 1000;  // over in any case
inline constexpr UnixMillis session_touch_ms = 10LL * 60 * 1000;            // how exactly "unused" is known

// Who is behind a session token.
struct Identity {
    domain::AccountId account{};
    Uuid uuid;
    std::string email;
    std::string name;
    domain::Role role = domain::Role::viewer;
    domain::TokenHash token_hash{};
    UnixMillis expires_at = 0;
    UnixMillis seen_at = 0;  // when it passes session_touch_ms, submit a TouchSession
};

class AccountBook {
  public:
    // Filling at start, before any reader.
    void put_account(domain::Account account);
    void put_session(const domain::Session& session);

    // Applies a committed batch. Any thread.
    void apply(const domain::Changes& changes);

    // The live session behind a token hash: not ended, not expired, not idle, its account not disabled.
    std::shared_ptr<const Identity> find_session(const domain::TokenHash& hash, UnixMillis now) const;
    std::optional<domain::Account> by_email(std::string_view email) const;  // email in lower case
    std::optional<domain::Account> by_uuid(const Uuid& id) const;
    std::optional<domain::Account> by_id(domain::AccountId id) const;
    // The public id of an account; it never changes. Nil for AccountId{0} (the system) and unknown ids.
    Uuid uuid_of(domain::AccountId id) const;
    std::vector<domain::Account> accounts() const;  // by creation
    bool empty() const;

    // Rises with every change of an account or end of a session; a cached Identity is good while it stands still
    // and the identity's times have not passed.
    std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  private:
    struct SessionEntry {
        domain::Session session;
        std::shared_ptr<const Identity> identity;
    };
    struct HashOfHash {
        std::size_t operator()(const domain::TokenHash& hash) const noexcept;
    };
    void put_account_locked(domain::Account account);
    void put_session_locked(const domain::Session& session);

    mutable std::shared_mutex mutex_;
    std::unordered_map<std::int64_t, domain::Account> accounts_;
    std::unordered_map<std::string, std::int64_t> by_email_;
    std::unordered_map<Uuid, std::int64_t> by_uuid_;
    std::unordered_map<domain::TokenHash, SessionEntry, HashOfHash> sessions_;
    std::atomic<std::uint64_t> epoch_{1};
};

}  // namespace onhand::engine
