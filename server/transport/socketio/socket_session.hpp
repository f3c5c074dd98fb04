// The Socket.IO side of one connection without sockets: which namespaces are joined or waiting for the application's
// decision, which packets may come when, and how long a client may stay without a namespace. Engine.IO messages and
// the time come in, one verdict per message goes out. Used by Connection on its io thread; sends nothing itself.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/engine_session.hpp"
#include "transport/socketio/socket_packet.hpp"

namespace onhand::socketio {

// Namespaces one connection may have joined or asked for at a time; further ones are refused.
constexpr std::size_t namespaces_per_connection_max = 16;

class SocketSession {
  public:
    // A client that has joined no namespace `connect_timeout` after `now` is closed.
    // Packets with more than `attachment_limit` attachments break the protocol.
    SocketSession(std::chrono::milliseconds connect_timeout, TimePoint now,
                  std::size_t attachment_limit = attachments_max)
        : join_by_(now + connect_timeout), attachment_limit_(attachment_limit) {}

    enum class Verdict : unsigned char {
        nothing,     // valid and of no consequence
        connect,     // the client asks for packet.nsp: decide, then call joined() or refused()
        refuse,      // the client asks for one namespace too many: answer CONNECT_ERROR
        event,       // for the application of packet.nsp
        ack,         // an answer to an event sent with an id
        disconnect,  // the client left packet.nsp; it is already removed here
        close,       // the protocol was broken: close the connection as a parse error
    };

    // Decodes a text message; `packet` is set for every verdict but nothing and close. A binary packet is kept here
    // until its last attachment has come; its verdict comes then.
    Verdict on_message(std::string_view text, std::optional<SocketPacket>& packet);

    // The same for a binary message, which must be an attachment that is due.
    Verdict on_binary(std::string_view bytes, std::optional<SocketPacket>& packet);

    // The application's decision for a namespace that waits. False when it no longer waits.
    bool joined(std::string_view nsp);
    bool refused(std::string_view nsp);

    // The server took the client out of the namespace.
    void leave(std::string_view nsp);

    // When the connection has to be closed for want of a namespace; TimePoint::max() once one was joined.
    TimePoint join_deadline() const { return join_by_; }

  private:
    struct Membership {
        std::string nsp;
        bool joined = false;
    };

    std::vector<Membership>::iterator find(std::string_view nsp);
    Verdict on_connect(const SocketPacket& packet);
    Verdict on_decoded(const SocketPacket& packet);

    std::vector<Membership> memberships_;
    TimePoint join_by_;
    std::size_t attachment_limit_;
    std::unique_ptr<SocketPacket> incomplete_;  // a binary packet whose attachments are still coming
};

}  // namespace onhand::socketio
