#include "transport/socketio/cluster/pending_requests.hpp"

#include "base/ensure.hpp"

namespace onhand::socketio {

void PendingRequests::add(const std::string& id, RequestType type, SteadyTime deadline, AnswersHandler done) {
    Request request;
    request.type = type;
    request.deadline = deadline;
    request.done = std::move(done);
    const bool fetches = type == RequestType::remote_fetch;
    ensure(fetches == std::holds_alternative<SocketsHandler>(request.done), "a handler that fits the question");
    ensure(requests_.emplace(id, std::move(request)).second, "an id for each question");
    deadlines_.emplace(deadline, id);
}

bool PendingRequests::set_servers(const std::string& id, std::size_t servers) {
    const auto request = requests_.find(id);
    if (request == requests_.end()) return false;
    request->second.servers = servers;
    end_if_complete(request);
    return requests_.contains(id);
}

void PendingRequests::on_response(ResponseMessage message) {
    const auto request = requests_.find(message.request_id);
    if (request == requests_.end()) return;
    const bool taken = std::visit([&](auto& answer) { return request->second.take(answer); }, message.answer);
    if (taken) end_if_complete(request);
}

void PendingRequests::expire(SteadyTime now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        end(requests_.find(deadlines_.begin()->second), true);
    }
}

void PendingRequests::end_all() {
    while (!requests_.empty()) end(requests_.begin(), true);
}

std::optional<SteadyTime> PendingRequests::deadline() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

bool PendingRequests::Request::complete() const {
    return servers && servers_answered >= *servers && clients_answered >= clients;
}

void PendingRequests::Request::collect(JsonData data) {
    if (values.answers.size() < answers_max) {
        values.answers.push_back(std::move(data));
    } else {
        values.timed_out = true;
    }
}

bool PendingRequests::Request::take(SocketsAnswer& answer) {
    if (type != RequestType::remote_fetch) return false;
    ++servers_answered;
    for (auto& socket : answer.sockets) {
        if (sockets.answers.size() < answers_max) {
            sockets.answers.push_back(std::move(socket));
        } else {
            sockets.timed_out = true;
        }
    }
    return true;
}

bool PendingRequests::Request::take(ServerSideEmitAnswer& answer) {
    if (type != RequestType::server_side_emit) return false;
    ++servers_answered;
    collect(std::move(answer.data));
    return true;
}

bool PendingRequests::Request::take(ClientCountAnswer& answer) {
    if (type != RequestType::broadcast) return false;
    ++servers_answered;
    clients += answer.count;
    return true;
}

bool PendingRequests::Request::take(ClientAckAnswer& answer) {
    if (type != RequestType::broadcast) return false;
    ++clients_answered;
    collect(std::move(answer.data));
    return true;
}

// The handler runs last, when nothing of the question is left here.
void PendingRequests::end(Requests::iterator request, bool timed_out) {
    ensure(request != requests_.end(), "a deadline only for a question that is open");
    auto ended = std::move(request->second);
    deadlines_.erase({ended.deadline, request->first});
    requests_.erase(request);
    ended.sockets.timed_out |= timed_out;
    ended.values.timed_out |= timed_out;
    if (const auto* fetched = std::get_if<SocketsHandler>(&ended.done)) {
        (*fetched)(std::move(ended.sockets));
    } else {
        std::get<JsonAnswersHandler>(ended.done)(std::move(ended.values));
    }
}

void PendingRequests::end_if_complete(Requests::iterator request) {
    if (request->second.complete()) end(request, false);
}

}  // namespace onhand::socketio
