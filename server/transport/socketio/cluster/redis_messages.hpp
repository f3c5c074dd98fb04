// What servers of a cluster say to each other over Redis, in the form of @socket.io/redis-adapter 8 (classic publish
// and subscribe) and @socket.io/redis-emitter 5: names of channels, and messages as bytes and as structs. Called by
// RedisAdapter; pure, any thread. Messages come from outside: what cannot be read is nothing, never an exception.
//
// The other adapters of Socket.IO (streams, sharded) use the same channel names with other contents: give each kind a
// Redis or a prefix of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transport/socketio/payload.hpp"

namespace onhand::socketio {

class RedisChannels {
  public:
    explicit RedisChannels(std::string prefix) : prefix_(std::move(prefix)) {}

    // Broadcasts to all of a namespace, and to one room of it; and the glob pattern that matches both.
    std::string broadcast(std::string_view nsp) const;
    std::string broadcast(std::string_view nsp, std::string_view room) const;
    std::string broadcast_pattern(std::string_view nsp) const;

    std::string request(std::string_view nsp) const;
    // Answers to everybody, and to the server `uid` alone, as some responders prefer.
    std::string response(std::string_view nsp) const;
    std::string response(std::string_view nsp, std::string_view uid) const;

  private:
    std::string prefix_;
};

struct BroadcastMessage {
    std::string uid;  // of the sender; "emitter" for the emitter
    std::string nsp;
    JsonData event;  // an array that begins with a name or a number
    Target target;
};

// Always msgpack. Nothing when the event is no JSON array of an event, or the whole too large.
std::optional<std::string> encode_broadcast(const BroadcastMessage& message);
std::optional<BroadcastMessage> decode_broadcast(std::string_view bytes);

// The numbers are those of the wire.
enum class RequestType : unsigned char {
    sockets = 0,  // only older versions ask this
    all_rooms = 1,
    remote_join = 2,
    remote_leave = 3,
    remote_disconnect = 4,
    remote_fetch = 5,
    server_side_emit = 6,
    broadcast = 7,  // one that wants acknowledgements
};

// Which fields mean something depends on the type.
struct RequestMessage {
    RequestType type = RequestType::all_rooms;
    std::string uid;         // empty from the emitter
    std::string request_id;  // empty when no answer is wanted
    Target target;           // of 2, 3, 4, 5 and 7
    // 2, 3 and 4 in the form of older versions: about the client target.rooms[0] alone, and with an answer when this
    // server has it.
    bool single_socket = false;
    std::vector<std::string> rooms;  // to join or leave; of 0: whose clients
    bool close = false;              // of 4: the connection too
    std::string nsp;                 // of 7: the packet's
    JsonData event;                  // of 6 and 7
    // Of 7: how long clients have to answer; nothing when the sender did not say.
    std::optional<std::chrono::milliseconds> timeout;
};

// JSON, or msgpack when there are bytes in it or the type is 7. Nothing as above.
std::optional<std::string> encode_request(const RequestMessage& message);
std::optional<RequestMessage> decode_request(std::string_view bytes);

struct SocketIdsAnswer {
    std::vector<std::string> ids;
};
struct RoomsAnswer {
    std::vector<std::string> rooms;
};
// To 2, 3 and 4 in the form of older versions.
struct DoneAnswer {};
struct SocketsAnswer {
    std::vector<RemoteSocket> sockets;
};
struct ServerSideEmitAnswer {
    JsonData data;
};
// How many clients of the responder were asked, and what one of them answered.
struct ClientCountAnswer {
    std::size_t count = 0;
};
struct ClientAckAnswer {
    JsonData data;
};

struct ResponseMessage {
    std::string request_id;
    std::variant<DoneAnswer, SocketIdsAnswer, RoomsAnswer, SocketsAnswer, ServerSideEmitAnswer, ClientCountAnswer,
                 ClientAckAnswer>
        answer;
};

// JSON, or msgpack for ClientAckAnswer and for bytes. Nothing as above. An empty SocketIdsAnswer cannot be told from
// an empty SocketsAnswer and is read as the latter.
std::optional<std::string> encode_response(const ResponseMessage& message);
std::optional<ResponseMessage> decode_response(std::string_view bytes);

}  // namespace onhand::socketio
