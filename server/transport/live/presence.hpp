#pragma once
// Who is there: the accounts with at least one client connected to this process, counted, those that other instances
// told of, and the presence.changed event that tells them all, encoded once for all clients. The feed counts clients in
// and out and decides when to tell. Thread-safe: the clients of all io threads are counted together.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "engine/account_book.hpp"
#include "transport/socketio/socket.hpp"

namespace onhand::live {

// Users in one list; of more, those with the oldest accounts are named and `total` says how many there are.
inline constexpr std::size_t presence_users_max = 100;
// Of what one instance tells the others, and of instances: more are left out.
inline constexpr std::size_t presence_accounts_max = 10'000;
inline constexpr std::size_t presence_instances_max = 1'000;
// An instance that was silent for so long is gone; each tells the others more often.
inline constexpr std::chrono::seconds presence_silence_max{15};

class Presence {
  public:
    using Event = std::shared_ptr<const socketio::EncodedEvent>;

    // `accounts` gives the names and must outlive this.
    explicit Presence(const engine::AccountBook& accounts);

    // Counts a client of the account in or out. True when the set of users changed by it.
    bool joined(domain::AccountId account);
    bool left(domain::AccountId account);

    // What this instance tells the others: its number, then the accounts that are here.
    std::string message() const;
    // What it tells them when it ends.
    std::string farewell() const;
    // What another instance told. True when the set of users changed by it.
    bool heard(std::string_view message, std::chrono::steady_clock::time_point now);
    // Forgets instances that were silent for too long. True when the set of users changed by it.
    bool forget_silent(std::chrono::steady_clock::time_point now);

    // The list as it is now, in the order in which the accounts were made. The same event as before while the list
    // says the same.
    Event event();

    // What the event says, {"users":[{"id","name"}]}, made anew.
    std::string list() const;

  private:
    struct Instance {
        std::set<domain::AccountId> accounts;
        std::chrono::steady_clock::time_point heard_at;
    };
    std::string list_locked() const;

    const engine::AccountBook& accounts_;
    mutable std::mutex mutex_;
    const std::uint64_t own_number_;                    // of this instance, drawn at random
    std::map<domain::AccountId, std::size_t> clients_;  // how many of each; by creation
    std::map<std::uint64_t, Instance> others_;          // by their numbers
    bool changed_ = true;                               // since `text_` was made
    std::uint64_t epoch_ = 0;                           // of the accounts when `text_` was made
    std::string text_;
    Event event_;
};

}  // namespace onhand::live
