#include "transport/http/login_limiter.hpp"

#include <algorithm>
#include <utility>

namespace onhand::http {
namespace {

std::string pair_key(std::string_view email, std::string_view address) {
    std::string key(email);
    key += '\n';
    key += address;
    return key;
}

}  // namespace

LoginLimiter::Count& LoginLimiter::slot(Table& table, std::string key, UnixMillis now) {
    if (table.size() >= entries_max && !table.contains(key)) {
        std::erase_if(table, [now](const auto& entry) { return now - entry.second.since >= window_ms; });
        if (table.size() >= entries_max) {
            table.erase(std::min_element(table.begin(), table.end(),
                                         [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
        }
    }
    auto& count = table[std::move(key)];
    if (now - count.since >= window_ms || now < count.since) {
        count.since = now;
        count.value = 0;
    }
    return count;
}

std::int32_t LoginLimiter::wait_of(const Table& table, const std::string& key, std::uint32_t max, UnixMillis now) {
    const auto found = table.find(key);
    if (found == table.end() || found->second.value < max) return 0;
    const auto left = found->second.since + window_ms - now;
    if (left <= 0 || left > window_ms) return 0;
    return static_cast<std::int32_t>((left + 999) / 1000);
}

std::int32_t LoginLimiter::wait_s(std::string_view email, std::string_view address, UnixMillis now) {
    const std::lock_guard lock(mutex_);
    const auto by_address = wait_of(addresses_, std::string(address), address_failures_max, now);
    if (known_.contains(pair_key(email, address))) return by_address;
    return std::max(by_address, wait_of(accounts_, std::string(email), account_failures_max, now));
}

void LoginLimiter::begin(std::string_view email, std::string_view address, UnixMillis now) {
    const std::lock_guard lock(mutex_);
    ++slot(addresses_, std::string(address), now).value;
    // Tries from a known address count for the pair, so that they can be limited too without locking others out.
    if (const auto known = known_.find(pair_key(email, address)); known != known_.end()) {
        if (++known->second.value >= account_failures_max) known_.erase(known);
        return;
    }
    ++slot(accounts_, std::string(email), now).value;
}

void LoginLimiter::succeeded(std::string_view email, std::string_view address, UnixMillis now) {
    const std::lock_guard lock(mutex_);
    auto& by_address = slot(addresses_, std::string(address), now);
    if (by_address.value > 0) --by_address.value;
    auto& by_account = slot(accounts_, std::string(email), now);
    auto& known = slot(known_, pair_key(email, address), now);
    if (known.value == 0 && by_account.value > 0) --by_account.value;
    known.value = 0;
    known.since = now;
}

bool LoginLimiter::is_known(std::string_view email, std::string_view address) const {
    const std::lock_guard lock(mutex_);
    return known_.contains(pair_key(email, address));
}

std::int32_t LoginLimiter::register_wait_s(std::string_view address, UnixMillis now) {
    const std::lock_guard lock(mutex_);
    const std::string key(address);
    const auto wait = wait_of(registrations_, key, registrations_max, now);
    if (wait == 0) ++slot(registrations_, key, now).value;
    return wait;
}

}  // namespace onhand::http
