// The clients of one namespace on one io thread, and the rooms they are in. Internal to the library; used on that
// thread only. It sends nothing and knows nothing of other threads or servers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

class Socket;
using SocketPtr = std::shared_ptr<Socket>;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class SocketTable {
  public:
    // Takes a client in and puts it in the rooms it already lists (Socket::rooms()).
    void add(SocketPtr socket);
    // Takes a client out of all rooms; its own list of rooms stays.
    void remove(const Socket& socket);

    bool empty() const { return sockets_.empty(); }
    SocketPtr find(std::string_view id) const;

    // Keeps the rooms known here in step with the list of the client, which is the caller's business. The room that
    // is named after the client's id is not among them: everybody is in it.
    void join(const std::string& room, Socket& socket);
    void leave(const std::string& room, Socket& socket);

    // Calls `visit` once for each client that `target` means. It must not change this table.
    template <class Visit>
    void for_each(const Target& target, const Visit& visit) const;

    // The same as handles, for callers that change the table.
    std::vector<SocketPtr> select(const Target& target) const;

    // All rooms with somebody in them, the ids of the clients first.
    std::vector<std::string> rooms() const;

  private:
    using Members = std::unordered_set<Socket*>;

    // The client of that id and the members of that room; one name may be both.
    template <class Visit>
    void for_each_in(std::string_view room, const Visit& visit) const;

    std::vector<SocketPtr> sockets_;                       // side by side, because going through all is the common case
    std::unordered_map<std::string_view, Socket*> by_id_;  // the keys are the clients' own
    std::unordered_map<std::string, Members, TextHash, std::equal_to<>> rooms_;
};

template <class Visit>
void SocketTable::for_each_in(std::string_view room, const Visit& visit) const {
    const auto own = by_id_.find(room);
    if (own != by_id_.end()) visit(*own->second);
    const auto members = rooms_.find(room);
    if (members == rooms_.end()) return;
    for (auto* socket : members->second) {
        if (own == by_id_.end() || own->second != socket) visit(*socket);
    }
}

template <class Visit>
void SocketTable::for_each(const Target& target, const Visit& visit) const {
    Members done;  // those excepted and, when rooms may overlap, those visited
    for (const auto& room : target.except) for_each_in(room, [&](Socket& socket) { done.insert(&socket); });
    if (target.rooms.empty()) {
        for (const auto& socket : sockets_) {
            if (done.empty() || !done.contains(socket.get())) visit(*socket);
        }
        return;
    }
    const bool may_overlap = target.rooms.size() > 1;
    for (const auto& room : target.rooms) {
        for_each_in(room, [&](Socket& socket) {
            if (may_overlap ? done.insert(&socket).second : !done.contains(&socket)) visit(socket);
        });
    }
}

}  // namespace onhand::socketio
