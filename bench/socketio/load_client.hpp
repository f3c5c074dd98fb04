#pragma once
// One Socket.IO client of the load client, without its socket: the WebSocket handshake, the Engine.IO open packet,
// joining the main namespace, then pings and events. Bytes in, bytes to send and counts out. One thread.
// It checks only that the server does its part of the benchmark, not that it conforms.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "socketio/server_stream.hpp"

namespace onhand::bench::socketio {

// The packet of a broadcast has exactly this length, so that both servers send the same: 42["tick","xx…"].
inline constexpr std::size_t event_bytes = 200;
inline constexpr std::string_view event_beginning = R"(42["tick",")";

// What all clients of a run have seen. Belongs to the run.
struct Counts {
    std::size_t ready = 0;           // clients that have joined the namespace
    std::uint64_t deliveries = 0;    // broadcast events received
    std::uint64_t questions = 0;     // events received that asked for an acknowledgement, and were answered
    std::uint64_t rounds_acked = 0;  // "acked" events: the server has all answers of a round
    std::uint64_t pings = 0;         // Engine.IO pings answered
};

// A WebSocket text frame as a client must send it. The mask is zero, which is allowed and saves both sides nothing.
std::string client_text_frame(std::string_view text);

// The request that begins each client.
std::string upgrade_request(std::uint16_t port);

class LoadClient {
  public:
    // Takes what came from the server; appends to `reply` what is to be sent. False when this client has failed;
    // `problem` is then one line for the user.
    bool consume(std::string_view input, std::string& reply, Counts& counts, std::string& problem);

    bool ready() const { return phase_ == Phase::ready; }

  private:
    enum class Phase : unsigned char { upgrading, opening, joining, ready };

    bool on_text(std::string_view text, std::string& reply, Counts& counts);

    ServerStream stream_;
    Phase phase_ = Phase::upgrading;
};

}  // namespace onhand::bench::socketio
