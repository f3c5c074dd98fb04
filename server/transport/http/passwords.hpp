#pragma once
// Passwords: the rules for new ones, hashing and verifying with argon2id (patient_hasher.hpp). A hash takes 20 ms of a
// processor that nobody else wants and is waited for, so it is asked for on the hashing pool only (work_pool.hpp),
// never on an io thread. Passwords are bytes of any kind and are never cut off. Thread-safe; keeps nothing of them.

#include <optional>
#include <string>
#include <string_view>

namespace onhand::http {

inline constexpr std::size_t password_bytes_min = 8;
inline constexpr std::size_t password_bytes_max = 1024;

// What is wrong with a new password, as a sentence for people; nullopt when it will do. `email` is the account's:
// a password that equals it is refused.
std::optional<std::string> password_fault(std::string_view password, std::string_view email);

// Maps the memory of hashes and starts their thread, once; the functions below do it too. Throws std::bad_alloc or
// std::system_error.
void prepare_hashing();

// The argon2id hash in the text form that programs share ("$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH", base64 without
// padding). Throws std::bad_alloc when the memory is not there; prepare_hashing() tells that at start.
std::string hash_password(std::string_view password);

// True when `password` belongs to `hash`, which may have been made at a lower cost. Takes the same time for a right and
// a wrong password. Throws as hash_password() does.
bool verify_password(std::string_view hash, std::string_view password);

// As long as a verification; for e-mails that have no account, so that their absence does not show.
void verify_nothing(std::string_view password);

}  // namespace onhand::http
