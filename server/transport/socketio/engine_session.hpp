// One Engine.IO 4 session as a state machine without sockets: polling, WebSocket, the upgrade between them, the
// heartbeat, overlapping requests and the ways to end. Packets and the time come in as arguments, actions for the
// driver come out; the driver (Connection) owns sockets and requests. Used on one io thread. Socket.IO stands above
// and is not known here.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/engine_packet.hpp"
#include "transport/socketio/frame.hpp"

namespace onhand::socketio {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

enum class Transport : unsigned char { polling, websocket };

enum class CloseReason : unsigned char {
    transport_error,
    transport_close,
    forced_close,
    ping_timeout,
    parse_error,
    server_shutting_down,
    slow_consumer,
};

// The reason in the words other Socket.IO servers use; slow_consumer reads "transport close".
std::string_view to_text(CloseReason reason);

struct EngineTimes {
    std::chrono::milliseconds ping_interval{25000};
    std::chrono::milliseconds ping_timeout{20000};
    std::chrono::milliseconds upgrade_timeout{10000};
};

// How long a session that was closed while no GET was held waits for one, to tell the client.
constexpr std::chrono::seconds close_remembered_for{30};
// How long a server that shuts down waits for an upgrade that is about to end.
constexpr std::chrono::seconds upgrade_awaited_for{1};

// What the driver has to do next, in order.
struct EngineAction {
    enum class Kind : unsigned char {
        answer_get,       // complete the held GET with `status` and `body`
        send,             // write `frame` to the WebSocket
        send_candidate,   // write `frame` to the upgrading WebSocket
        close_candidate,  // close the upgrading WebSocket
        promote,          // the upgrading WebSocket is the transport now; write take_buffered() to it
        closed,           // the session ended for `reason`: tell the application, close the WebSocket if there is one;
                          // comes again when a session that was closed in the middle of an upgrade is through with it
    };
    Kind kind = Kind::closed;
    unsigned status = 200;
    std::string body;
    Frame frame;
    CloseReason reason = CloseReason::forced_close;
};
using EngineActions = std::vector<EngineAction>;

class EngineSession {
  public:
    // `now` is the moment of the open packet; the first ping is due one interval later.
    EngineSession(Transport transport, const EngineTimes& times, TimePoint now);

    enum class RequestVerdict : unsigned char { accepted, overlap, wrong_transport };

    // A GET arrived. When accepted it counts as held; an answer_get action among `actions` completes it at once.
    RequestVerdict on_get(TimePoint now, EngineActions& actions);

    // The HTTP connection of the held GET went away.
    void on_get_aborted(EngineActions& actions);

    // A POST began; between this and on_post_end() a second one is an overlap, which ends the session.
    RequestVerdict on_post_begin(EngineActions& actions);
    void on_post_end() { post_open_ = false; }

    // A packet of the current transport. Returns true when it is a message for the layer above.
    bool on_packet(const EnginePacket& packet, TimePoint now, EngineActions& actions);

    // Bytes of the current transport could not be decoded, or the layer above rejected a message.
    void on_parse_error(EngineActions& actions) { end(CloseReason::parse_error, actions); }

    // The WebSocket that is the transport went away.
    void on_websocket_closed(CloseReason reason, EngineActions& actions) { end(reason, actions); }

    // A WebSocket wants to take over. Returns false when it must be refused; else it is the candidate.
    bool on_candidate(TimePoint now);
    // A packet on the candidate; nothing stands for anything that could not be decoded.
    void on_candidate_packet(const std::optional<EnginePacket>& packet, TimePoint now, EngineActions& actions);
    void on_candidate_closed();

    // Keeps a packet for the polling transport (also during an upgrade). Call flush() afterwards.
    void buffer(Frame frame);
    // Completes the held GET when packets wait.
    void flush(EngineActions& actions);
    // Hands over what is buffered, after promote.
    FrameQueue take_buffered();

    // The server ends the session: at once on a WebSocket; in polling the client is told with its held or next GET.
    void close(TimePoint now, EngineActions& actions);
    // Ends it without waiting for anything; a held GET is completed with "1".
    void close_now(CloseReason reason, EngineActions& actions) { end(reason, actions); }
    // The server ends: like close_now(), but an upgrade whose probe was answered is let to its end for
    // upgrade_awaited_for. Its client polls no more and looks at nothing but the WebSocket; socket.io-client would
    // notice a lost one by its heartbeat only.
    void shut_down(TimePoint now, EngineActions& actions);

    // Does what is due. Call at or after deadline(), and before looking at a request.
    void on_time(TimePoint now, EngineActions& actions);
    TimePoint deadline() const;

    Transport transport() const { return transport_; }
    bool open() const { return state_ == State::open; }
    // True when nothing more will come of the session and its id is to be forgotten.
    bool gone() const { return state_ == State::gone; }
    bool get_held() const { return get_held_; }
    bool upgrading() const { return candidate_; }
    std::size_t buffered_bytes() const { return buffered_.bytes(); }

  private:
    enum class State : unsigned char { open, lingering, gone };

    void end(CloseReason reason, EngineActions& actions, std::string_view held_answer = "1");
    void linger(CloseReason reason, TimePoint until, EngineActions& actions);
    void answer(std::string body, EngineActions& actions, unsigned status = 200);
    void answer_lingering(EngineActions& actions);
    std::string take_payload();
    void hold_noop(TimePoint now);
    void drop_candidate(EngineActions& actions);
    void promote(TimePoint now, EngineActions& actions);
    void queue_ping(TimePoint now, EngineActions& actions);

    static constexpr TimePoint never = TimePoint::max();

    EngineTimes times_;
    FrameQueue buffered_;
    TimePoint ping_at_;
    TimePoint pong_by_ = never;
    TimePoint upgrade_by_ = never;
    TimePoint noop_at_ = never;    // when the held GET is completed with a noop during the upgrade
    TimePoint last_noop_ = never;  // never: none sent during this upgrade to a GET that came after the probe
    TimePoint forget_at_ = never;  // end of lingering
    CloseReason lingers_for_ = CloseReason::forced_close;
    Transport transport_;
    State state_ = State::open;
    bool get_held_ = false;
    bool post_open_ = false;
    bool candidate_ = false;
    bool probed_ = false;
};

}  // namespace onhand::socketio
