#include "transport/socketio/socket_table.hpp"

#include <utility>

#include "transport/socketio/socket.hpp"

namespace onhand::socketio {

void SocketTable::add(SocketPtr socket) {
    for (const auto& room : socket->rooms()) join(room, *socket);
    by_id_.emplace(socket->id(), socket.get());
    socket->table_index_ = sockets_.size();
    sockets_.push_back(std::move(socket));
}

void SocketTable::remove(const Socket& socket) {
    const auto found = by_id_.find(socket.id());
    if (found == by_id_.end() || found->second != &socket) return;
    by_id_.erase(found);
    const auto index = socket.table_index_;
    const auto kept = std::exchange(sockets_[index], nullptr);
    for (const auto& room : kept->rooms()) leave(room, *kept);
    if (index + 1 < sockets_.size()) {
        sockets_[index] = std::move(sockets_.back());
        sockets_[index]->table_index_ = index;
    }
    sockets_.pop_back();
}

SocketPtr SocketTable::find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second->shared_from_this();
}

void SocketTable::join(const std::string& room, Socket& socket) {
    rooms_[room].insert(&socket);
}

void SocketTable::leave(const std::string& room, Socket& socket) {
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    found->second.erase(&socket);
    if (found->second.empty()) rooms_.erase(found);
}

std::vector<SocketPtr> SocketTable::select(const Target& target) const {
    std::vector<SocketPtr> selected;
    if (target.rooms.empty()) selected.reserve(sockets_.size());
    for_each(target, [&](Socket& socket) { selected.push_back(socket.shared_from_this()); });
    return selected;
}

std::vector<std::string> SocketTable::rooms() const {
    std::vector<std::string> names;
    names.reserve(sockets_.size() + rooms_.size());
    for (const auto& socket : sockets_) names.push_back(socket->id());
    for (const auto& [name, members] : rooms_) {
        if (!by_id_.contains(name)) names.push_back(name);
    }
    return names;
}

}  // namespace onhand::socketio
