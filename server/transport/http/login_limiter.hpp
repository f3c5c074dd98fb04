#pragma once
// Slows the guessing of passwords: counts failed sign-ins per account and per address in a sliding hour, in bounded
// tables. An address that has signed in to an account before is not locked out by what others do to that account.
// Asked by the accounts resource on io threads; thread-safe.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace onhand::http {

class LoginLimiter {
  public:
    static constexpr UnixMillis window_ms = 3600 * 1000;
    static constexpr std::uint32_t account_failures_max = 50;   // per window and account; 100 over two windows' edge
    static constexpr std::uint32_t address_failures_max = 200;  // per window and address, many accounts
    static constexpr std::uint32_t registrations_max = 20;      // per window and address
    static constexpr std::size_t entries_max = 20'000;          // of each table; the oldest are forgotten

    // Seconds to wait before the next try, or 0 when it may be made. `email` is folded to lower case.
    std::int32_t wait_s(std::string_view email, std::string_view address, UnixMillis now);
    // Counts a try before its password is looked at, so that tries at the same instant count too.
    void begin(std::string_view email, std::string_view address, UnixMillis now);
    // The password was right: takes the try back and remembers the address as one of the account's.
    void succeeded(std::string_view email, std::string_view address, UnixMillis now);

    // Whether the address has signed in to the account before, and has not guessed since.
    bool is_known(std::string_view email, std::string_view address) const;

    // Seconds to wait before the next registration from this address, or 0; counts it when it may be made.
    std::int32_t register_wait_s(std::string_view address, UnixMillis now);

  private:
    struct Count {
        UnixMillis since = 0;
        std::uint32_t value = 0;
    };
    using Table = std::unordered_map<std::string, Count>;

    static Count& slot(Table& table, std::string key, UnixMillis now);
    static std::int32_t wait_of(const Table& table, const std::string& key, std::uint32_t max, UnixMillis now);

    mutable std::mutex mutex_;
    Table accounts_;
    Table addresses_;
    Table registrations_;
    Table known_;  // account and address that belong together
};

}  // namespace onhand::http
