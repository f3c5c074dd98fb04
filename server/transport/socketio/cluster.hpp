// How several servers become one: ClusterAdapter is what carries broadcasts and requests to the other servers of the
// cluster, ClusterLocal is the way back, by which an adapter does here what another server asked for. The library
// implements ClusterLocal; cluster/redis_adapter.hpp implements ClusterAdapter. An adapter never gives back to this
// server what this server sent: the library has then done it here already.
//
// Threads: every function of both may be called from any thread, and none of them blocks on the network. Handlers
// given along are called on a thread of the adapter's or the library's choice, exactly once where nothing else is
// said, and never from inside the call they were given to.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

// Answers of other servers or of their clients, as far as they came in time.
template <class Answer>
struct ClusterAnswers {
    bool timed_out = false;  // some are missing
    std::vector<Answer> answers;
};

class ClusterLocal {
  public:
    virtual ~ClusterLocal() = default;

    // Delivers the event to the clients of `nsp` on this server. `event.json` is the array of name and arguments.
    virtual void deliver(const std::string& nsp, JsonData event, Target target) = 0;

    // The same, asking each client for an answer: `counted` tells how many were asked, then `answered` gets the first
    // argument of each answer (JSON null when the client sent none) that comes within `timeout`.
    virtual void deliver_with_ack(const std::string& nsp, JsonData event, Target target,
                                  std::chrono::milliseconds timeout, std::function<void(std::size_t)> counted,
                                  std::function<void(JsonData)> answered) = 0;

    virtual void join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) = 0;
    virtual void leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) = 0;
    virtual void disconnect(const std::string& nsp, Target target, bool close_connection) = 0;

    virtual void list_sockets(const std::string& nsp, Target target,
                              std::function<void(std::vector<RemoteSocket>)> listed) = 0;
    // The names of all rooms with a client of this server in it, client ids among them.
    virtual void list_rooms(const std::string& nsp, std::function<void(std::vector<std::string>)> listed) = 0;

    // An event for the application itself, not for clients. `reply`, when not empty, takes the application's answer,
    // at most once.
    virtual void server_event(const std::string& nsp, JsonData event, std::function<void(JsonData)> reply) = 0;
};

class ClusterAdapter {
  public:
    virtual ~ClusterAdapter() = default;

    // Once, before anything else, with the namespaces that exist on this server by then; `local` outlives stop().
    virtual void start(ClusterLocal& local, const std::vector<std::string>& namespaces) = 0;
    // Once: ends all pending calls with what has come. `local` is not called any more after this returned.
    virtual void stop() = 0;

    // True while the other servers can be reached.
    virtual bool connected() const = 0;

    // A namespace begins or ends to exist on this server, after start(). Every other call is for one that exists.
    virtual void add_namespace(const std::string& nsp) = 0;
    virtual void remove_namespace(const std::string& nsp) = 0;

    // To the other servers, as far as they can be reached at the moment; nothing is kept for later.
    virtual void broadcast(const std::string& nsp, JsonData event, Target target) = 0;
    virtual void join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) = 0;
    virtual void leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) = 0;
    virtual void disconnect(const std::string& nsp, Target target, bool close_connection) = 0;
    virtual void server_event(const std::string& nsp, JsonData event) = 0;

    // Questions to the other servers. `done` is called when all have answered, after `timeout`, or at stop(). With no
    // connection to the cluster it is called soon, with timed_out.
    virtual void broadcast_with_ack(const std::string& nsp, JsonData event, Target target,
                                    std::chrono::milliseconds timeout,
                                    std::function<void(ClusterAnswers<JsonData>)> done) = 0;
    virtual void fetch_sockets(const std::string& nsp, Target target, std::chrono::milliseconds timeout,
                               std::function<void(ClusterAnswers<RemoteSocket>)> done) = 0;
    virtual void server_event_with_ack(const std::string& nsp, JsonData event, std::chrono::milliseconds timeout,
                                       std::function<void(ClusterAnswers<JsonData>)> done) = 0;
};

}  // namespace onhand::socketio
