#include "transport/live/presence.hpp"

#include <utility>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "base/uuid.hpp"

namespace onhand::live {

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
    std::size_t listed = 0;
    for (const auto& [id, count] : clients_) {
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
    if (clients_.size() > presence_users_max) {
        json += ",\"total\":";
        append_int(json, static_cast<std::int64_t>(clients_.size()));
    }
    json += '}';
    return json;
}

}  // namespace onhand::live
