// One thing done to many clients: an event, a room, a disconnection, a question. Says first to whom, then what:
//
//     server.in("/chat").to("red").to("blue").except(socket.id()).emit("news", "1");
//     socket.to("red").emit("news", "1");  // everybody in the room but this client
//
// It reaches the clients of every server of the cluster, unless local() was said. Any thread; made to be used at once,
// not to be kept. What one thread does to the same clients happens in its order; for the clients of the calling io
// thread before the call returns, so on_disconnect() may be called from inside disconnect_sockets().
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/cluster.hpp"
#include "transport/socketio/event.hpp"
#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

class ServerCore;

class Broadcast {
  public:
    // Made by Server and Socket. Without a core everything said does nothing.
    Broadcast(ServerCore* core, std::string nsp, Target target = {})
        : core_(core), nsp_(std::move(nsp)), target_(std::move(target)) {}

    // Adds a room, or the id of a client. Without any, everybody in the namespace is meant.
    Broadcast& to(std::string room);
    // Leaves out whoever is in this room, or has this id.
    Broadcast& except(std::string room);
    // Leaves out clients whose connection takes nothing at the moment.
    Broadcast& as_volatile();
    // Only clients of this server.
    Broadcast& local();

    // `event` must have been encoded for this namespace.
    void emit(const EncodedEvent& event) const;
    // Arguments as for EncodedEvent.
    void emit(std::string_view name, std::string_view args, const Attachments& attachments = {}) const;

    // Asks every client for an answer. `done` is called once, on an io thread, when all have answered or after
    // `timeout`, with the first argument of each answer in no particular order.
    using Answers = ClusterAnswers<JsonData>;
    void emit_with_ack(std::string_view name, std::string_view args, std::chrono::milliseconds timeout,
                       std::function<void(const Answers&)> done, const Attachments& attachments = {}) const;

    void sockets_join(std::vector<std::string> rooms) const;
    void sockets_leave(std::vector<std::string> rooms) const;
    // As Socket::disconnect() for each.
    void disconnect_sockets(bool close_connection = false) const;

    // Lists the clients. `done` is called once, on an io thread, at the latest after `timeout`.
    using Sockets = ClusterAnswers<RemoteSocket>;
    void fetch_sockets(std::chrono::milliseconds timeout, std::function<void(const Sockets&)> done) const;

  private:
    ServerCore* core_;
    std::string nsp_;
    Target target_;
    bool local_ = false;
};

}  // namespace onhand::socketio
