#pragma once
// One client of the live feed, without its socket: the handshake with a token, one subscription, then events. Bytes in,
// bytes to send and events out. Of the events it reads only what the measurement needs. One thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "socketio/server_stream.hpp"

namespace onhand::bench::watch {

// A stock.changed: the client now has the feed up to `to`, from the number behind the last one.
struct Stretch {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::size_t bytes = 0;     // of the message
    std::size_t envelope = 0;  // of them everything but the changes
    std::size_t changes = 0;   // in it; counted only for clients that are asked to
};

// An order.changed of a new order with one line.
struct OrderTold {
    std::int64_t seq = 0;
    std::int64_t number = 0;
    std::size_t product = 0;  // the digits at the end of its SKU
};

// What a client's events lead to.
class WatchSink {
  public:
    virtual ~WatchSink() = default;
    virtual void on_stretch(const Stretch& stretch) = 0;
    virtual void on_order(const OrderTold& order) = 0;
};

class WatchClient {
  public:
    // `subscription` is the argument of `subscribe`.
    WatchClient(std::string token, std::string subscription, bool counts_changes)
        : token_(std::move(token)), subscription_(std::move(subscription)), counts_changes_(counts_changes) {}

    // Takes what came from the server; appends to `reply` what is to be sent. False when this client has failed;
    // `problem` is then one line for the user.
    bool consume(std::string_view input, std::string& reply, WatchSink& sink, std::string& problem);

    bool ready() const { return phase_ == Phase::ready; }

  private:
    enum class Phase : unsigned char { upgrading, opening, joining, subscribing, ready };

    bool on_text(std::string_view text, std::string& reply, WatchSink& sink);
    bool on_event(std::string_view text, WatchSink& sink) const;

    socketio::ServerStream stream_;
    std::string token_;
    std::string subscription_;
    Phase phase_ = Phase::upgrading;
    bool counts_changes_;
};

}  // namespace onhand::bench::watch
