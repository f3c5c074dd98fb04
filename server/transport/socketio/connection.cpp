#include "transport/socketio/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "transport/socketio/request_check.hpp"
#include "transport/socketio/server_core.hpp"
#include "transport/socketio/text_codec.hpp"

namespace onhand::socketio {
namespace {

EngineTimes engine_times(const Options& options) {
    return EngineTimes{options.ping_interval, options.ping_timeout, options.upgrade_timeout};
}

WsCloseCode close_code(CloseReason reason) {
    switch (reason) {
        case CloseReason::server_shutting_down:
            return WsCloseCode::going_away;
        case CloseReason::slow_consumer:
            return WsCloseCode::try_again_later;
        default:
            return WsCloseCode::none;
    }
}

}  // namespace

// Collects what is sent during one call into one write, and settles the connection afterwards.
class Connection::Cork {
  public:
    explicit Cork(Connection& connection)
        : connection_(connection), self_(connection.shared_from_this()), outer_(!connection.corked_) {
        connection_.corked_ = true;
        if (outer_ && connection_.websocket_) {
            websocket_ = connection_.websocket_;
            websocket_->cork();
        }
    }
    ~Cork() {
        if (websocket_) websocket_->uncork();
        if (!outer_) return;
        connection_.corked_ = false;
        connection_.settle();
    }
    Cork(const Cork&) = delete;
    Cork& operator=(const Cork&) = delete;

  private:
    Connection& connection_;
    std::shared_ptr<Connection> self_;
    std::shared_ptr<WsConnection> websocket_;
    bool outer_;
};

Connection::Connection(Shard& shard, std::string sid, Transport transport, std::shared_ptr<const Handshake> handshake)
    : shard_(shard),
      sid_(std::move(sid)),
      handshake_(std::move(handshake)),
      session_(transport, engine_times(shard.core().options), Clock::now()),
      socket_session_(shard.core().options.connect_timeout, Clock::now(), shard.core().options.max_attachments) {}

// Polling.

void Connection::open_polling(const PendingReplyPtr& reply) {
    const auto& options = shard_.core().options;
    auto answer = text_reply(
        200, "0" + encode_handshake(sid_, true, options.ping_interval, options.ping_timeout, options.max_payload));
    answer.fields = cookie_field(options, sid_);
    reply->deliver(std::move(answer));
}

void Connection::on_get(const PendingReplyPtr& reply) {
    const Cork cork(*this);
    EngineActions actions;
    const auto previous = held_get_;
    if (!session_.get_held()) held_get_ = reply;
    const auto verdict = session_.on_get(Clock::now(), actions);
    if (verdict != EngineSession::RequestVerdict::accepted) {
        held_get_ = previous;
        reply->deliver(error_reply(RequestError::bad_request));
    }
    run(actions);
}

void Connection::on_get_aborted(const PendingReplyPtr& reply) {
    if (held_get_ != reply) return;
    const Cork cork(*this);
    held_get_.reset();
    EngineActions actions;
    session_.on_get_aborted(actions);
    run(actions);
}

void Connection::on_post_begin(const PendingReplyPtr& reply) {
    const Cork cork(*this);
    EngineActions actions;
    const auto verdict = session_.on_post_begin(actions);
    if (verdict != EngineSession::RequestVerdict::accepted) reply->deliver(error_reply(RequestError::bad_request));
    run(actions);
}

void Connection::on_post_body(const PendingReplyPtr& reply, std::string_view body, std::string_view content_type) {
    const Cork cork(*this);
    catch_up();
    session_.on_post_end();
    if (session_.gone()) {
        reply->deliver(error_reply(RequestError::session_unknown));
        return;
    }
    const bool well_formed = content_type != "application/octet-stream" && read_payload(body);
    if (well_formed) {
        auto answer = text_reply(200, "ok");
        answer.content_type = "text/html";
        reply->deliver(std::move(answer));
        return;
    }
    EngineActions actions;
    session_.on_parse_error(actions);
    run(actions);
    reply->deliver(error_reply(RequestError::bad_request));
}

// Processes the packets of a body in order; false at the first that cannot be read.
bool Connection::read_payload(std::string_view body) {
    if (!is_valid_utf8(body)) return false;
    PayloadReader reader(body);
    EnginePacket packet;
    const auto now = Clock::now();
    while (true) {
        const auto status = reader.next(packet);
        if (status == PayloadReader::Status::end) return true;
        if (status == PayloadReader::Status::error) return false;
        on_engine_packet(packet, now);
        if (session_.gone()) return true;
    }
}

void Connection::on_post_aborted() {
    const Cork cork(*this);
    session_.on_post_end();
    EngineActions actions;
    session_.close_now(CloseReason::transport_error, actions);
    run(actions);
}

void Connection::on_post_too_large() {
    session_.on_post_end();
}

// WebSocket.

void Connection::open_websocket(const std::shared_ptr<WsConnection>& websocket, std::string answer,
                                std::string leftover) {
    const Cork cork(*this);
    const auto& options = shard_.core().options;
    websocket_ = websocket;
    websocket->cork();
    websocket->start(*this, std::move(answer));
    websocket->send(Frame::text(
        {"0", encode_handshake(sid_, false, options.ping_interval, options.ping_timeout, options.max_payload)}));
    websocket->uncork();
    websocket->feed(std::move(leftover));
}

bool Connection::try_upgrade() {
    const bool accepted = session_.on_candidate(Clock::now());
    reschedule();
    return accepted;
}

void Connection::start_upgrade(const std::shared_ptr<WsConnection>& websocket, std::string answer,
                               std::string leftover) {
    const Cork cork(*this);
    candidate_ = websocket;
    websocket->start(*this, std::move(answer));
    websocket->feed(std::move(leftover));
}

void Connection::on_ws_message(WsConnection& websocket, bool binary, std::string_view payload) {
    const Cork cork(*this);
    catch_up();
    const auto now = Clock::now();
    if (&websocket == candidate_.get()) {
        EngineActions actions;
        session_.on_candidate_packet(binary ? std::nullopt : decode_engine_packet(payload), now, actions);
        run(actions);
        return;
    }
    if (&websocket != websocket_.get()) return;
    if (binary) {
        on_engine_packet(EnginePacket{EnginePacketType::message, true, payload}, now);
    } else if (const auto packet = decode_engine_packet(payload)) {
        on_engine_packet(*packet, now);
    } else {
        EngineActions actions;
        session_.on_parse_error(actions);
        run(actions);
    }
}

void Connection::on_ws_closed(WsConnection& websocket, CloseReason reason) {
    const Cork cork(*this);
    if (&websocket == candidate_.get()) {
        candidate_.reset();
        session_.on_candidate_closed();
    } else if (&websocket == websocket_.get()) {
        websocket_.reset();
        EngineActions actions;
        session_.on_websocket_closed(reason, actions);
        run(actions);
    }
}

void Connection::on_ws_drained(WsConnection& websocket) {
    const Cork cork(*this);
    if (&websocket == websocket_.get()) drained_ = true;
}

// Packets.

void Connection::on_engine_packet(const EnginePacket& packet, TimePoint now) {
    EngineActions actions;
    if (session_.on_packet(packet, now, actions)) on_socket_message(packet.data, packet.binary);
    run(actions);
}

// Sending.

bool Connection::send(const EncodedPacket& packet) {
    if (!session_.open()) return false;
    if (packet.attachments.empty()) {
        send_frame(packet.head);
    } else {
        const Cork cork(*this);  // they leave together
        send_frame(packet.head);
        for (const auto& attachment : packet.attachments) send_frame(attachment);
    }
    check_outbox();
    return true;
}

void Connection::send_frame(const Frame& frame) {
    if (websocket_) {
        websocket_->send(frame);
    } else {
        session_.buffer(frame);
        if (!corked_ && !std::exchange(flush_pending_, true)) shard_.flush_later(shared_from_this());
    }
}

bool Connection::takes_now() const {
    if (!session_.open()) return false;
    return websocket_ ? !websocket_->blocked() : session_.get_held();
}

void Connection::flush() {
    flush_pending_ = false;
    const Cork cork(*this);
}

bool Connection::writable() const {
    if (!session_.open()) return false;
    if (websocket_) return !websocket_->blocked();
    return session_.get_held() || session_.buffered_bytes() == 0;
}

std::size_t Connection::queued_bytes() const {
    return session_.buffered_bytes() + (websocket_ ? websocket_->queued_bytes() : 0);
}

void Connection::check_outbox() {
    const auto& options = shard_.core().options;
    const auto queued = queued_bytes();
    if (queued <= options.outbox_soft_bytes) {
        slow_by_ = TimePoint::max();
        return;
    }
    if (slow_by_ == TimePoint::max()) {
        slow_by_ = Clock::now() + options.outbox_grace;
        reschedule();
    }
    if (queued <= options.outbox_hard_bytes || std::exchange(overflowed_, true)) return;
    // Not now: the application is in the middle of sending, perhaps to many sockets.
    boost::asio::post(shard_.io(), [self = shared_from_this()] { self->check_slow(TimePoint::max()); });
}

void Connection::check_slow(TimePoint now) {
    if (!session_.open() || slow_by_ == TimePoint::max()) return;
    if (queued_bytes() <= shard_.core().options.outbox_soft_bytes) {
        slow_by_ = TimePoint::max();
    } else if (now >= slow_by_) {
        shard_.core().slow_closed.fetch_add(1);
        close_now(CloseReason::slow_consumer);
    }
}

void Connection::notify_drained() {
    const auto sockets = sockets_;
    for (const auto& socket : sockets) {
        if (socket->connected() && socket->drain_handler_) guarded([&] { socket->drain_handler_(*socket); });
    }
}

// Ending.

void Connection::disconnect(Socket& socket, bool close_connection) {
    const Cork cork(*this);
    const auto leaving = close_connection ? sockets_ : std::vector<SocketPtr>{socket.shared_from_this()};
    for (const auto& member : leaving) {
        if (!member->connected()) continue;
        send(encode_disconnect(member->nsp()));
        socket_session_.leave(member->nsp());
        detach(member, "server namespace disconnect");
    }
    if (close_connection) close_gracefully();
}

void Connection::close_gracefully() {
    EngineActions actions;
    session_.close(Clock::now(), actions);
    run(actions);
}

void Connection::close_now(CloseReason reason) {
    const Cork cork(*this);
    EngineActions actions;
    session_.close_now(reason, actions);
    run(actions);
}

void Connection::shut_down() {
    const Cork cork(*this);
    EngineActions actions;
    session_.shut_down(Clock::now(), actions);
    run(actions);
}

void Connection::run(EngineActions& actions) {
    for (auto& action : actions) {
        switch (action.kind) {
            case EngineAction::Kind::answer_get:
                if (const auto get = std::exchange(held_get_, nullptr)) {
                    auto reply = text_reply(action.status, std::move(action.body));
                    if (action.status != 200) reply.content_type = "application/json";
                    get->deliver(std::move(reply));
                }
                drained_ = true;
                break;
            case EngineAction::Kind::send:
                if (websocket_) websocket_->send(action.frame);
                break;
            case EngineAction::Kind::send_candidate:
                if (candidate_) candidate_->send(action.frame);
                break;
            case EngineAction::Kind::close_candidate:
                if (const auto websocket = std::exchange(candidate_, nullptr)) websocket->close(WsCloseCode::none);
                break;
            case EngineAction::Kind::promote:
                promote();
                break;
            case EngineAction::Kind::closed:
                on_closed(action.reason);
                break;
        }
    }
    actions.clear();
}

void Connection::promote() {
    websocket_ = std::exchange(candidate_, nullptr);
    const auto frames = session_.take_buffered();
    for (std::size_t i = 0; i < frames.count(); ++i) websocket_->send(frames.at(i));
    drained_ = true;
}

void Connection::on_closed(CloseReason reason) {
    const auto sockets = sockets_;
    for (const auto& socket : sockets) {
        if (socket->connected()) detach(socket, to_text(reason), reason != CloseReason::parse_error);
    }
    if (const auto websocket = std::exchange(websocket_, nullptr)) websocket->close(close_code(reason));
}

void Connection::guarded(const std::function<void()>& call) {
    std::string what;
    try {
        call();
        return;
    } catch (const std::exception& error) {
        what = error.what();
    } catch (...) {
        what = "unknown exception";
    }
    core().report_application_error(what);
    EngineActions actions;
    session_.close_now(CloseReason::forced_close, actions);
    run(actions);
}

// Time.

TimePoint Connection::deadline() const {
    if (!session_.open()) return session_.deadline();
    auto when = std::min({session_.deadline(), socket_session_.join_deadline(), slow_by_});
    for (const auto& socket : sockets_) {
        for (const auto& [id, pending] : socket->pending_acks_) when = std::min(when, pending.deadline);
    }
    return when;
}

void Connection::reschedule() {
    shard_.schedule(*this, deadline());
}

void Connection::catch_up() {
    EngineActions actions;
    session_.on_time(Clock::now(), actions);
    run(actions);
}

void Connection::catch_up_and_settle() {
    const Cork cork(*this);
    catch_up();
}

void Connection::on_deadline(TimePoint now) {
    const Cork cork(*this);
    EngineActions actions;
    session_.on_time(now, actions);
    run(actions);
    if (session_.open() && now >= socket_session_.join_deadline()) close_gracefully();
    check_slow(now);
    expire_acks(now);
}

// The end of every call from outside: sends what was collected, tells the application about room in the outbox, and
// leaves the table when the session is gone.
void Connection::settle() {
    EngineActions actions;
    session_.flush(actions);
    run(actions);
    if (std::exchange(drained_, false) && session_.open() && !sockets_.empty()) {
        notify_drained();
        session_.flush(actions);
        run(actions);
        drained_ = false;
    }
    if (session_.gone()) {
        shard_.forget_connection(sid_);
    } else {
        reschedule();
    }
}

void Connection::abandon() {
    if (held_get_) held_get_->done = true;
    EngineActions ignored;
    session_.close_now(CloseReason::server_shutting_down, ignored);
    for (const auto& socket : sockets_) socket->parts_.connection = nullptr;
    if (websocket_) websocket_->abandon();
    if (candidate_) candidate_->abandon();
}

}  // namespace onhand::socketio
