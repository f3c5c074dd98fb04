#pragma once
// Accounts and sessions as stored. A session is a random token of which only the hash is kept. Plain values.

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "domain/ids.hpp"
#include "domain/names.hpp"

namespace onhand::domain {

inline constexpr std::size_t email_bytes_max = 254;
inline constexpr std::size_t account_name_bytes_max = 128;

// BLAKE2b-256 of a session token.
using TokenHash = std::array<std::uint8_t, 32>;

struct Account {
    AccountId id{};
    Uuid uuid;
    std::string email;  // folded to lower case, unique
    std::string name;
    std::string password_hash;  // argon2id as text
    Role role = Role::viewer;
    bool disabled = false;
    std::int64_t version = 1;
    UnixMillis created_at = 0;
    UnixMillis updated_at = 0;
};

struct Session {
    TokenHash token_hash{};
    AccountId account{};
    UnixMillis created_at = 0;
    UnixMillis expires_at = 0;  // absolute end
    UnixMillis seen_at = 0;     // moved forward at most once in session_touch_ms
};

// True for one @ with something on both sides, printable, no spaces, at most email_bytes_max bytes.
bool is_email(std::string_view text);

}  // namespace onhand::domain
