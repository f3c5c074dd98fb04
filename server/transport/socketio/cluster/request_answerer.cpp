#include "transport/socketio/cluster/request_answerer.hpp"

#include <utility>

namespace onhand::socketio {
namespace {

// Puts an answer to one request into the inbox. Copies go into handlers.
struct Answer {
    std::shared_ptr<AdapterInbox> inbox;
    std::string nsp;
    std::string request_id;

    template <class Content>
    void operator()(Content content) const {
        inbox->push(SendResponse{nsp, ResponseMessage{request_id, std::move(content)}});
    }
};

void answer_ids(ClusterLocal& local, const Answer& answer, RequestMessage& request) {
    Target target;
    target.rooms = std::move(request.rooms);
    local.list_sockets(answer.nsp, std::move(target), [answer](std::vector<RemoteSocket> sockets) {
        SocketIdsAnswer ids;
        for (auto& socket : sockets) ids.ids.push_back(std::move(socket.id));
        answer(std::move(ids));
    });
}

// Only the server that has the client answers; the question comes before the change, which may disconnect it.
void confirm_if_here(ClusterLocal& local, const Answer& answer, const Target& target) {
    if (answer.request_id.empty()) return;
    local.list_sockets(answer.nsp, target, [answer](const std::vector<RemoteSocket>& sockets) {
        if (!sockets.empty()) answer(DoneAnswer{});
    });
}

void broadcast_with_ack(ClusterLocal& local, const Answer& answer, RequestMessage& request) {
    if (request.nsp != answer.nsp) return;
    local.deliver_with_ack(
        answer.nsp, std::move(request.event), std::move(request.target), request.timeout.value_or(ack_timeout_default),
        [answer](std::size_t count) { answer(ClientCountAnswer{count}); },
        [answer](JsonData data) { answer(ClientAckAnswer{std::move(data)}); });
}

void server_event(ClusterLocal& local, const Answer& answer, RequestMessage& request) {
    std::function<void(JsonData)> reply;
    if (!answer.request_id.empty()) {
        reply = [answer](JsonData data) { answer(ServerSideEmitAnswer{std::move(data)}); };
    }
    local.server_event(answer.nsp, std::move(request.event), std::move(reply));
}

}  // namespace

void answer_request(ClusterLocal& local, const std::shared_ptr<AdapterInbox>& inbox, const std::string& nsp,
                    RequestMessage request) {
    const Answer answer{inbox, nsp, request.request_id};
    if (request.single_socket) confirm_if_here(local, answer, request.target);
    switch (request.type) {
        case RequestType::sockets:
            return answer_ids(local, answer, request);
        case RequestType::all_rooms:
            return local.list_rooms(
                nsp, [answer](std::vector<std::string> rooms) { answer(RoomsAnswer{std::move(rooms)}); });
        case RequestType::remote_join:
            return local.join_rooms(nsp, std::move(request.target), std::move(request.rooms));
        case RequestType::remote_leave:
            return local.leave_rooms(nsp, std::move(request.target), std::move(request.rooms));
        case RequestType::remote_disconnect:
            return local.disconnect(nsp, std::move(request.target), request.close);
        case RequestType::remote_fetch:
            return local.list_sockets(nsp, std::move(request.target), [answer](std::vector<RemoteSocket> sockets) {
                answer(SocketsAnswer{std::move(sockets)});
            });
        case RequestType::server_side_emit:
            return server_event(local, answer, request);
        case RequestType::broadcast:
            return broadcast_with_ack(local, answer, request);
    }
}

}  // namespace onhand::socketio
