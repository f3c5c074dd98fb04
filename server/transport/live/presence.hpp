#pragma once
// Who is there: the accounts with at least one client connected to this process, counted, and the presence.changed
// event that tells them, encoded once for all clients. The feed counts clients in and out and decides when to tell.
// Thread-safe: the clients of all io threads are counted together.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/account_book.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::live {

// Users in one list; of more, those with the oldest accounts are named and `total` says how many there are.
inline constexpr std::size_t presence_users_max = 100;

class Presence {
  public:
    using Event = std::shared_ptr<const socketio::EncodedEvent>;

    // `accounts` gives the names and must outlive this.
    explicit Presence(const engine::AccountBook& accounts) : accounts_(accounts) {}

    // Counts a client of the account in or out. True when the set of users changed by it.
    bool joined(domain::AccountId account);
    bool left(domain::AccountId account);

    // The list as it is now, in the order in which the accounts were made. The same event as before while the list
    // says the same.
    Event event();

    // What the event says, {"users":[{"id","name"}]}, made anew.
    std::string list() const;

  private:
    std::string list_locked() const;

    const engine::AccountBook& accounts_;
    mutable std::mutex mutex_;
    std::map<domain::AccountId, std::size_t> clients_;  // how many of each; by creation
    bool changed_ = true;                               // since `text_` was made
    std::uint64_t epoch_ = 0;                           // of the accounts when `text_` was made
    std::string text_;
    Event event_;
};

}  // namespace onhand::live
