#include "transport/socketio/engine_session.hpp"

#include <algorithm>
#include <utility>

namespace onhand::socketio {
namespace {

// During an upgrade a new GET waits this long before it gets a noop: the client's upgrade packet may be on its way on
// the other connection, and then the GET must be refused instead.
constexpr std::chrono::milliseconds first_noop_after{10};
// Further GETs of the same upgrade are slowed down, or a client that never sees the probe's answer would spin.
constexpr std::chrono::milliseconds noop_interval{100};
constexpr std::string_view noop_text = "6";
constexpr std::string_view close_text = "1";
constexpr std::string_view lingering_text =
    "6\x1e"
    "1";

const Frame& ping_frame() {
    static const Frame frame = Frame::text({"2"});
    return frame;
}

const Frame& probe_answer_frame() {
    static const Frame frame = Frame::text({"3probe"});
    return frame;
}

EngineAction make_action(EngineAction::Kind kind) {
    EngineAction action;
    action.kind = kind;
    return action;
}

EngineAction closed_action(CloseReason reason) {
    auto action = make_action(EngineAction::Kind::closed);
    action.reason = reason;
    return action;
}

}  // namespace

std::string_view to_text(CloseReason reason) {
    switch (reason) {
        case CloseReason::transport_error:
            return "transport error";
        case CloseReason::transport_close:
            return "transport close";
        case CloseReason::forced_close:
            return "forced close";
        case CloseReason::ping_timeout:
            return "ping timeout";
        case CloseReason::parse_error:
            return "parse error";
        case CloseReason::server_shutting_down:
            return "server shutting down";
        case CloseReason::slow_consumer:
            return "transport close";
    }
    return "transport error";
}

EngineSession::EngineSession(Transport transport, const EngineTimes& times, TimePoint now)
    : times_(times), ping_at_(now + times.ping_interval), transport_(transport) {}

EngineSession::RequestVerdict EngineSession::on_get(TimePoint now, EngineActions& actions) {
    if (transport_ != Transport::polling) return RequestVerdict::wrong_transport;
    if (get_held_) {
        end(CloseReason::transport_error, actions);
        return RequestVerdict::overlap;
    }
    get_held_ = true;
    if (state_ == State::lingering) {
        answer_lingering(actions);
    } else if (!buffered_.empty()) {
        answer(take_payload(), actions);
    } else if (probed_) {
        hold_noop(now);
    }
    return RequestVerdict::accepted;
}

// A GET after the server closed: first what was buffered, then the news.
void EngineSession::answer_lingering(EngineActions& actions) {
    if (!buffered_.empty()) {
        answer(take_payload(), actions);
        return;
    }
    answer(std::string(lingering_text), actions);
    drop_candidate(actions);
    state_ = State::gone;
}

void EngineSession::hold_noop(TimePoint now) {
    noop_at_ = now + first_noop_after;
    if (last_noop_ != never) noop_at_ = std::max(noop_at_, last_noop_ + noop_interval);
}

void EngineSession::on_get_aborted(EngineActions& actions) {
    if (!get_held_) return;
    get_held_ = false;
    end(CloseReason::transport_error, actions);
}

EngineSession::RequestVerdict EngineSession::on_post_begin(EngineActions& actions) {
    if (transport_ != Transport::polling) return RequestVerdict::wrong_transport;
    if (post_open_) {
        end(CloseReason::transport_error, actions);
        return RequestVerdict::overlap;
    }
    post_open_ = true;
    return RequestVerdict::accepted;
}

bool EngineSession::on_packet(const EnginePacket& packet, TimePoint now, EngineActions& actions) {
    if (state_ != State::open) {
        if (packet.type == EnginePacketType::close) end(CloseReason::transport_close, actions, noop_text);
        return false;
    }
    switch (packet.type) {
        case EnginePacketType::message:
            return true;
        case EnginePacketType::pong:
            pong_by_ = never;
            ping_at_ = now + times_.ping_interval;
            return false;
        case EnginePacketType::close:
            end(CloseReason::transport_close, actions, noop_text);
            return false;
        // A client must not send heartbeats; another kind of client would wait for our pong for ever.
        case EnginePacketType::ping:
            end(CloseReason::transport_error, actions);
            return false;
        case EnginePacketType::open:
        case EnginePacketType::upgrade:
        case EnginePacketType::noop:
            return false;
    }
    return false;
}

bool EngineSession::on_candidate(TimePoint now) {
    if (state_ != State::open || transport_ != Transport::polling || candidate_) return false;
    candidate_ = true;
    probed_ = false;
    last_noop_ = never;
    upgrade_by_ = now + times_.upgrade_timeout;
    return true;
}

void EngineSession::on_candidate_packet(const std::optional<EnginePacket>& packet, TimePoint now,
                                        EngineActions& actions) {
    if (!candidate_) return;
    if (packet && packet->type == EnginePacketType::ping && packet->data == "probe") {
        probed_ = true;
        auto action = make_action(EngineAction::Kind::send_candidate);
        action.frame = probe_answer_frame();
        actions.push_back(std::move(action));
        // The client goes on only when its GET is over, so a GET that is already held ends now.
        if (get_held_ && noop_at_ == never) answer(std::string(noop_text), actions);
    } else if (packet && packet->type == EnginePacketType::upgrade) {
        promote(now, actions);
        if (state_ == State::lingering) {
            state_ = State::gone;
            actions.push_back(closed_action(lingers_for_));
        }
    } else {
        drop_candidate(actions);
    }
}

void EngineSession::promote(TimePoint now, EngineActions& actions) {
    if (get_held_) answer(R"({"code":3,"message":"Bad request"})", actions, 400);
    transport_ = Transport::websocket;
    on_candidate_closed();
    // The answer to a ping that went out by polling may come by either way or be lost: start over.
    if (pong_by_ != never) {
        pong_by_ = never;
        ping_at_ = now + times_.ping_interval;
    }
    actions.push_back(make_action(EngineAction::Kind::promote));
}

void EngineSession::drop_candidate(EngineActions& actions) {
    if (!candidate_) return;
    on_candidate_closed();
    actions.push_back(make_action(EngineAction::Kind::close_candidate));
}

void EngineSession::on_candidate_closed() {
    candidate_ = false;
    probed_ = false;
    upgrade_by_ = never;
    noop_at_ = never;
}

void EngineSession::buffer(Frame frame) {
    if (state_ == State::open) buffered_.push(std::move(frame));
}

void EngineSession::flush(EngineActions& actions) {
    if (get_held_ && !buffered_.empty()) answer(take_payload(), actions);
}

FrameQueue EngineSession::take_buffered() {
    return std::exchange(buffered_, FrameQueue());
}

std::string EngineSession::take_payload() {
    std::string out;
    out.reserve(buffered_.bytes());
    for (std::size_t i = 0; i < buffered_.count(); ++i) {
        if (i > 0) out += payload_separator;
        out += buffered_.at(i).polling_text();
    }
    buffered_.clear();
    return out;
}

void EngineSession::answer(std::string body, EngineActions& actions, unsigned status) {
    get_held_ = false;
    noop_at_ = never;
    auto action = make_action(EngineAction::Kind::answer_get);
    action.status = status;
    action.body = std::move(body);
    actions.push_back(std::move(action));
}

void EngineSession::close(TimePoint now, EngineActions& actions) {
    if (state_ != State::open) return;
    if (transport_ == Transport::websocket) {
        end(CloseReason::forced_close, actions);
        return;
    }
    linger(CloseReason::forced_close, now + close_remembered_for, actions);
}

void EngineSession::shut_down(TimePoint now, EngineActions& actions) {
    const auto until = now + upgrade_awaited_for;
    if (!probed_) {
        end(CloseReason::server_shutting_down, actions);
    } else if (state_ == State::lingering) {
        forget_at_ = std::min(forget_at_, until);
    } else {
        linger(CloseReason::server_shutting_down, until, actions);
    }
}

// Tells the client with its held or next GET, or by the end of its upgrade: one that has stopped polling for that would
// never ask again.
void EngineSession::linger(CloseReason reason, TimePoint until, EngineActions& actions) {
    flush(actions);
    if (get_held_) {
        end(reason, actions);
        return;
    }
    state_ = State::lingering;
    forget_at_ = until;
    lingers_for_ = reason;
    actions.push_back(closed_action(reason));
}

void EngineSession::end(CloseReason reason, EngineActions& actions, std::string_view held_answer) {
    if (state_ == State::gone) return;
    const bool announced = state_ == State::lingering;
    // Packets of the same turn of the loop may still wait for their flush; they go first.
    if (get_held_) answer(buffered_.empty() ? std::string(held_answer) : take_payload(), actions);
    drop_candidate(actions);
    state_ = State::gone;
    buffered_.clear();
    if (!announced) actions.push_back(closed_action(reason));
}

void EngineSession::queue_ping(TimePoint now, EngineActions& actions) {
    // A ping that is queued very late counts from the moment it was queued, so that a stalled server does not take
    // the client's time to answer away.
    const bool punctual = now - ping_at_ <= times_.ping_timeout / 2;
    pong_by_ = (punctual ? ping_at_ : now) + times_.ping_timeout;
    ping_at_ = never;
    if (transport_ == Transport::websocket) {
        auto action = make_action(EngineAction::Kind::send);
        action.frame = ping_frame();
        actions.push_back(std::move(action));
        return;
    }
    buffered_.push(ping_frame());
    flush(actions);
}

void EngineSession::on_time(TimePoint now, EngineActions& actions) {
    if (state_ == State::lingering) {
        if (now >= upgrade_by_ || now >= forget_at_) drop_candidate(actions);
        if (now >= forget_at_) state_ = State::gone;
        return;
    }
    if (state_ != State::open) return;
    if (now >= pong_by_) {
        end(CloseReason::ping_timeout, actions);
        return;
    }
    if (now >= ping_at_) queue_ping(now, actions);
    if (now >= upgrade_by_) drop_candidate(actions);
    if (get_held_ && now >= noop_at_) {
        last_noop_ = now;
        answer(std::string(noop_text), actions);
    }
}

TimePoint EngineSession::deadline() const {
    if (state_ == State::gone) return never;
    if (state_ == State::lingering) return std::min(forget_at_, upgrade_by_);
    return std::min({ping_at_, pong_by_, upgrade_by_, get_held_ ? noop_at_ : never});
}

}  // namespace onhand::socketio
