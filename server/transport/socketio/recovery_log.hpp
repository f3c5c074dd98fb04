// Connection state recovery: the events of the last minutes under one numbering, and the sessions of clients that
// lost their connection, so that a client that comes back in time goes on where it was. One per server; any thread.
//
// Every recorded event goes to the io threads through the inboxes here, and recording and queueing are one step. So
// each thread delivers in the order of the numbers, and the last number a client has seen says what it has not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/socketio/engine_session.hpp"
#include "transport/socketio/payload.hpp"
#include "transport/socketio/socket_packet.hpp"

namespace onhand::socketio {

struct RecordedEvent {
    std::uint64_t number = 0;
    TimePoint at;
    std::string nsp;
    EncodedPacket packet;  // with the offset in it
    Target target;
};
using RecordedEventPtr = std::shared_ptr<const RecordedEvent>;

// What is kept of a client whose connection was lost.
struct LostSession {
    std::string private_id;
    std::string socket_id;
    std::string nsp;
    std::vector<std::string> rooms;
    std::shared_ptr<void> data;
    TimePoint until;
};

class RecoveryLog {
  public:
    struct Limits {
        std::chrono::milliseconds window{120'000};
        std::size_t bytes_max = 64'000'000;  // of recorded events
        std::size_t sessions_max = 20'000;   // lost ones
    };

    RecoveryLog(Limits limits, std::size_t io_threads);

    // Records an event and puts it in the inbox of one io thread, or of all. Returns the threads whose inbox was
    // empty before: they have to be woken to take it.
    std::vector<unsigned> record(std::string_view nsp, std::string_view json, const std::vector<Frame>& attachments,
                                 Target target, std::optional<unsigned> only_thread, TimePoint now);

    // Empties the inbox of one io thread, which calls this.
    std::vector<RecordedEventPtr> take_inbox(unsigned io_thread);

    void keep(LostSession session, TimePoint now);

    // Takes a lost session out of here; nothing when the id is unknown or too late.
    std::optional<LostSession> take(std::string_view private_id, std::string_view nsp, TimePoint now);

    struct Missed {
        std::vector<RecordedEventPtr> inbox;   // of the io thread: to be delivered to its present clients first
        std::vector<RecordedEventPtr> events;  // for the client, in order
    };
    // What the session missed behind `offset`. Nothing when the offset is none of ours, or events behind it are not
    // kept any more.
    std::optional<Missed> missed(const LostSession& session, std::string_view offset, unsigned io_thread,
                                 TimePoint now);

  private:
    void prune(TimePoint now);

    Limits limits_;
    std::mutex mutex_;  // guards everything below
    std::uint64_t last_number_ = 0;
    std::size_t bytes_ = 0;
    std::deque<RecordedEventPtr> events_;  // numbers without a gap
    std::vector<std::vector<RecordedEventPtr>> inboxes_;
    std::unordered_map<std::string, LostSession> sessions_;
    std::deque<std::pair<TimePoint, std::string>> expiries_;  // of sessions_, in order; some are taken already
};

}  // namespace onhand::socketio
