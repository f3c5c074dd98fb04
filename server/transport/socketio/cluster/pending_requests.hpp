// The questions of this server to the others that are not answered yet: collects what comes for each and calls its
// handler once, when all have answered, when its time is over, or when there is no hope. Used by RedisWorker on its
// thread; knows nothing of Redis, and time comes in as an argument.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "transport/socketio/cluster/adapter_inbox.hpp"

namespace onhand::socketio {

using SteadyTime = std::chrono::steady_clock::time_point;

// Answers to one question at most; when there are more the rest is left out, and timed_out says that some are missing.
constexpr std::size_t answers_max = 100'000;

class PendingRequests {
  public:
    explicit PendingRequests(std::size_t requests_max) : requests_max_(requests_max) {}

    bool full() const { return requests_.size() >= requests_max_; }
    bool empty() const { return requests_.empty(); }

    // `id` must be new, and the type remote_fetch (with a SocketsHandler), server_side_emit or broadcast.
    void add(const std::string& id, RequestType type, SteadyTime deadline, AnswersHandler done);

    // So many servers are asked. False when the question is over, which it is at once when they are none.
    bool set_servers(const std::string& id, std::size_t servers);

    // An answer; ignored when nothing here waits for it or it is of another kind.
    void on_response(ResponseMessage message);

    // Ends what is due by `now`.
    void expire(SteadyTime now);
    void end_all();

    // When expire() must be called at the latest.
    std::optional<SteadyTime> deadline() const;

  private:
    struct Request {
        RequestType type = RequestType::remote_fetch;
        SteadyTime deadline;
        AnswersHandler done;
        std::optional<std::size_t> servers;
        std::size_t servers_answered = 0;
        std::size_t clients = 0;           // that were asked for acknowledgements
        std::size_t clients_answered = 0;  // also those that found no room below
        ClusterAnswers<JsonData> values;
        ClusterAnswers<RemoteSocket> sockets;

        bool complete() const;
        void collect(JsonData data);
        bool take(SocketsAnswer& answer);
        bool take(ServerSideEmitAnswer& answer);
        bool take(ClientCountAnswer& answer);
        bool take(ClientAckAnswer& answer);
        // Kinds of answers to questions that this server does not ask.
        template <class Other>
        bool take(Other&) {
            return false;
        }
    };
    using Requests = std::map<std::string, Request, std::less<>>;

    void end(Requests::iterator request, bool timed_out);
    void end_if_complete(Requests::iterator request);

    const std::size_t requests_max_;
    Requests requests_;
    std::set<std::pair<SteadyTime, std::string>> deadlines_;
};

}  // namespace onhand::socketio
