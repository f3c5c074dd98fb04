#include "transport/live/presence.hpp"

#include <random>
#include <utility>

#include "base/ensure.hpp"
#include "base/fixed_number.hpp"
#include "base/text.hpp"
#include "base/uuid.hpp"

namespace onhand::live {

namespace {

std::uint64_t random_number() {
    std::random_device random;
    return static_cast<std::uint64_t>(random()) << 32 | random();
}

}  // namespace

Presence::Presence(const engine::AccountBook& accounts) : accounts_(accounts), own_number_(random_number()) {}

std::string Presence::farewell() const {
    std::string bytes;
    append_fixed_number(bytes, own_number_);
    return bytes;
}

std::string Presence::message() const {
    auto bytes = farewell();
    const std::lock_guard lock(mutex_);
    std::size_t told = 0;
    for (const auto& [account, count] : clients_) {
        if (told++ == presence_accounts_max) break;
        append_fixed_number(bytes, static_cast<std::uint64_t>(domain::raw(account)));
    }
    return bytes;
}

bool Presence::heard(std::string_view message, std::chrono::steady_clock::time_point now) {
    const auto numbers = message.size() / fixed_number_bytes;
    if (numbers == 0 || message.size() % fixed_number_bytes != 0 || numbers > presence_accounts_max + 1) return false;
    const auto instance = fixed_number_at(message, 0);
    if (instance == own_number_) return false;
    std::set<domain::AccountId> there;
    for (std::size_t i = 1; i < numbers; ++i)
        there.insert(static_cast<domain::AccountId>(
            static_cast<std::int64_t>(fixed_number_at(message, i * fixed_number_bytes))));
    const std::lock_guard lock(mutex_);
    const auto known = others_.find(instance);
    if (known == others_.end() && (there.empty() || others_.size() >= presence_instances_max)) return false;
    const bool same = known != others_.end() && known->second.accounts == there;
    if (there.empty())
        others_.erase(known);
    else
        others_[instance] = {std::move(there), now};
    if (same) return false;
    return changed_ = true;
}

bool Presence::forget_silent(std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const auto gone = std::erase_if(
        others_, [now](const auto& entry) { return now - entry.second.heard_at >= presence_silence_max; });
    if (gone == 0) return false;
    return changed_ = true;
}

bool Presence::joined(domain::AccountId account) {
    const std::lock_guard lock(mutex_);
    if (clients_[account]++ > 0) return false;
    return changed_ = true;
}

bool Presence::left(domain::AccountId account) {
    const std::lock_guard lock(mutex_);
    const auto found = clients_.find(account);
    ensure(found != clients_.end(), "who leaves has joined");
    if (--found->second > 0) return false;
    clients_.erase(found);
    return changed_ = true;
}

Presence::Event Presence::event() {
    const std::lock_guard lock(mutex_);
    const auto epoch = accounts_.epoch();
    if (!std::exchange(changed_, false) && epoch == epoch_) return event_;
    epoch_ = epoch;
    auto text = list_locked();
    if (event_ && text == text_) return event_;
    text_ = std::move(text);
    event_ = std::make_shared<const socketio::EncodedEvent>("presence.changed", text_);
    return event_;
}

std::string Presence::list() const {
    const std::lock_guard lock(mutex_);
    return list_locked();
}

std::string Presence::list_locked() const {
    std::string json = "{\"users\":[";
    std::set<domain::AccountId> there;
    for (const auto& [id, count] : clients_) there.insert(id);
    for (const auto& [number, instance] : others_) there.insert(instance.accounts.begin(), instance.accounts.end());
    std::size_t listed = 0;
    for (const auto id : there) {
        if (listed == presence_users_max) break;
        const auto account = accounts_.by_id(id);
        if (!account) continue;
        if (listed++ > 0) json += ',';
        json += "{\"id\":\"";
        append_uuid(json, account->uuid);
        json += "\",\"name\":";
        append_json_string(json, account->name);
        json += '}';
    }
    json += ']';
    if (there.size() > presence_users_max) {
        json += ",\"total\":";
        append_int(json, static_cast<std::int64_t>(there.size()));
    }
    json += '}';
    return json;
}

}  // namespace onhand::live
