// Events and their acknowledgements as the application sees them: what came from a client, the way to answer it, an
// answer that a client gave, and an event encoded once for many. Used on the io thread that owns the client, except
// EncodedEvent, which belongs to nobody.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transport/socketio/payload.hpp"
#include "transport/socketio/socket_packet.hpp"

namespace onhand::socketio {

class Socket;

// An event encoded once for any number of sockets of one namespace, for WebSocket and polling alike. Immutable and
// cheap to copy; any thread.
class EncodedEvent {
  public:
    // `args` are the JSON values after the name, separated by commas, without brackets; possibly none. They must be
    // valid JSON in UTF-8, with placeholders for `attachments`, at most attachments_max. `name` must not be reserved
    // (is_reserved_event).
    EncodedEvent(std::string_view name, std::string_view args, std::string_view nsp = main_namespace,
                 const Attachments& attachments = {});

    // From the JSON of a whole event, "[name,args…]".
    static EncodedEvent from_json(std::string_view json, std::string_view nsp, const Attachments& attachments);

    const EncodedPacket& packet() const { return packet_; }
    // "[name,args…]"
    std::string_view json() const { return packet_.head.polling_text().substr(json_at_); }
    JsonData data() const;
    // Bytes this event takes in an outbox.
    std::size_t size() const { return packet_.size(); }

  private:
    EncodedEvent() = default;

    EncodedPacket packet_;
    std::size_t json_at_ = 0;
};

// Answers one event of a client, at most once. May be kept and used later, on the same io thread.
class AckHandle {
  public:
    AckHandle() = default;
    AckHandle(std::weak_ptr<Socket> socket, std::uint64_t id) : socket_(std::move(socket)), id_(id) {}
    AckHandle(AckHandle&&) = default;
    AckHandle& operator=(AckHandle&&) = default;

    // False when the client asked for no answer, or has its answer.
    bool wanted() const { return id_.has_value(); }

    // Sends the answer; arguments as for EncodedEvent. Does nothing when none is wanted or the client has gone.
    void reply(std::string_view args, const Attachments& attachments = {});

  private:
    std::weak_ptr<Socket> socket_;
    std::optional<std::uint64_t> id_;
};

// An event from a client. The views are good only during the call of on_event.
struct Event {
    std::string_view name;
    const boost::json::array& payload;  // the name first, then the arguments
    std::string_view json;              // the text of the payload
    const Attachments& attachments;     // what the placeholders in it stand for
    AckHandle ack;

    std::size_t argument_count() const { return payload.size() - 1; }
    // The argument at `index` from 0, or null when there are fewer.
    const boost::json::value* argument(std::size_t index) const {
        return index < argument_count() ? &payload[index + 1] : nullptr;
    }
};

// A client's answer. Good only during the call it is given to.
struct Answer {
    const boost::json::array& args;
    std::string_view json;  // the text of args, with brackets
    const Attachments& attachments;
};

}  // namespace onhand::socketio
