// One client: drives its EngineSession and SocketSession with real requests and WebSockets, carries out their
// actions, and calls the application. Lives on one io thread in the shard's table until the session is gone. Internal
// to the library; the protocol's rules are in the two sessions, not here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/engine_session.hpp"
#include "transport/socketio/namespace_handler.hpp"
#include "transport/socketio/polling_reply.hpp"
#include "transport/socketio/shard.hpp"
#include "transport/socketio/socket.hpp"
#include "transport/socketio/socket_session.hpp"
#include "transport/socketio/ws_connection.hpp"

namespace onhand::socketio {

class Connection final : public std::enable_shared_from_this<Connection>, public Timed, public WsConnection::Owner {
  public:
    Connection(Shard& shard, std::string sid, Transport transport, std::shared_ptr<const Handshake> handshake);

    // Requests of the polling transport. The answer goes to `reply`, during the call or later.
    void open_polling(const PendingReplyPtr& reply);
    void on_get(const PendingReplyPtr& reply);
    void on_get_aborted(const PendingReplyPtr& reply);
    void on_post_begin(const PendingReplyPtr& reply);
    void on_post_body(const PendingReplyPtr& reply, std::string_view body, std::string_view content_type);
    void on_post_aborted();
    void on_post_too_large();

    // WebSockets. open_websocket() begins a session, try_upgrade() returns false when the session refuses.
    void open_websocket(const std::shared_ptr<WsConnection>& websocket, std::string answer, std::string leftover);
    bool try_upgrade();
    void start_upgrade(const std::shared_ptr<WsConnection>& websocket, std::string answer, std::string leftover);

    // For Socket and ConnectRequest.
    Shard& shard() { return shard_; }
    ServerCore& core() { return shard_.core(); }
    bool send(const EncodedPacket& packet);
    // Sends an event by way of the recovery log.
    bool send_recorded(const Socket& socket, const EncodedEvent& event);
    // True when what is sent now leaves now.
    bool takes_now() const;
    // Hands the request to its next middleware or, after the last, to the handler.
    void decide(ConnectRequest request);
    SocketPtr accept(ConnectRequest::Parts request, std::shared_ptr<void> data);
    void refuse(const std::string& nsp, std::string_view message, std::string_view data_json);
    void disconnect(Socket& socket, bool close_connection);
    bool writable() const;
    std::size_t queued_bytes() const;

    // Ends the session at once.
    void close_now(CloseReason reason);
    // The server ends: the session too, after an upgrade that is about to end.
    void shut_down();
    void flush();
    void reschedule();
    // Does what is due before a request is looked at.
    void catch_up_and_settle();
    bool gone() const { return session_.gone(); }
    bool expects(Transport transport) const { return session_.transport() == transport; }
    // Lets go of the shard; nothing runs here any more.
    void abandon();

  private:
    class Cork;

    void on_deadline(TimePoint now) override;
    void on_ws_message(WsConnection& websocket, bool binary, std::string_view payload) override;
    void on_ws_closed(WsConnection& websocket, CloseReason reason) override;
    void on_ws_drained(WsConnection& websocket) override;

    void on_engine_packet(const EnginePacket& packet, TimePoint now);
    void on_socket_message(std::string_view bytes, bool binary);
    void on_connect(SocketPacket& packet);
    void find_lost_session(ConnectRequest::Parts& request);
    void on_event(const SocketPacket& packet);
    void on_ack(const SocketPacket& packet);
    void on_client_disconnect(std::string_view nsp);
    bool read_payload(std::string_view body);
    void catch_up();
    void run(EngineActions& actions);
    void promote();
    void on_closed(CloseReason reason);
    void send_frame(const Frame& frame);
    void detach(const SocketPtr& socket, std::string_view reason, bool recoverable = false);
    void keep_session(const Socket& socket);
    void expire_acks(TimePoint now);
    void check_outbox();
    void check_slow(TimePoint now);
    void notify_drained();
    void close_gracefully();
    void settle();
    SocketPtr find_socket(std::string_view nsp) const;
    TimePoint deadline() const;
    // Runs application code; when it throws, the connection ends.
    void guarded(const std::function<void()>& call);

    Shard& shard_;
    std::string sid_;
    std::shared_ptr<const Handshake> handshake_;
    EngineSession session_;
    SocketSession socket_session_;
    PendingReplyPtr held_get_;
    std::shared_ptr<WsConnection> websocket_;
    std::shared_ptr<WsConnection> candidate_;
    std::vector<SocketPtr> sockets_;
    TimePoint slow_by_ = TimePoint::max();  // when an outbox above the soft limit ends the connection
    bool corked_ = false;
    bool flush_pending_ = false;
    bool overflowed_ = false;
    bool drained_ = false;  // polling: buffered packets left; tell the application after the current call
};

}  // namespace onhand::socketio
