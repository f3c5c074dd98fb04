// One WebSocket: the TCP socket, its framing, its outbox and the close handshake. Owned by a Connection while it
// carries a session, by its own pending operations while it closes. Lives on one io thread; internal to the library.
// Idle it has no buffer of its own. It does not know Engine.IO.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "transport/socketio/frame.hpp"
#include "transport/socketio/options.hpp"
#include "transport/socketio/shard.hpp"
#include "transport/socketio/ws_frame.hpp"

namespace onhand::socketio {

class WsConnection final : public std::enable_shared_from_this<WsConnection>, public Timed {
  public:
    // Receives what happens on the WebSocket. Calls come from the event loop, never from inside send() or close().
    class Owner {
      public:
        virtual void on_ws_message(WsConnection& websocket, bool binary, std::string_view payload) = 0;
        // The last call. The WebSocket is closing or closed.
        virtual void on_ws_closed(WsConnection& websocket, CloseReason reason) = 0;
        // The outbox fell empty after the network had refused to take more.
        virtual void on_ws_drained(WsConnection& websocket) = 0;

      protected:
        ~Owner() = default;
    };

    WsConnection(Shard& shard, TcpSocket socket);
    ~WsConnection() override;

    // Begins with an owner: sends `answer` (the 101) and then reads.
    void start(Owner& owner, std::string answer);

    // Takes bytes that were read before this object had the socket. Call after start(), before anything else arrives.
    void feed(std::string bytes);

    // Without an owner: sends `answer` (an HTTP error) and closes.
    void refuse(std::string answer);

    // Queues a frame; nothing happens once the WebSocket closes. What was queued in one turn of the event loop leaves
    // at its end in one system call, a large amount at once.
    void send(const Frame& frame);
    // By the shard, at the end of the turn.
    void flush_queued();

    // For a shard that sends the only frame of many WebSockets in one system call: whether there is just one that can
    // go now, what to send where, and the result as RingSender tells it.
    bool has_single_frame() const {
        return corks_ == 0 && state_ == State::open && !waiting_to_write_ && queue_.count() == 1;
    }
    int descriptor() { return socket_.native_handle(); }
    std::string_view front_bytes() const { return queue_.at(0).websocket_bytes().substr(front_written_); }
    void on_front_sent(int result);

    // uncork() that matches the first cork() writes what is queued without waiting for the end of the turn.
    void cork() { ++corks_; }
    void uncork();

    // Lets go of the owner, sends a close frame behind what is queued and closes within two seconds.
    void close(WsCloseCode code);

    // Lets go of owner and shard without a word; the socket closes with the object.
    void abandon();

    std::size_t queued_bytes() const { return queue_.bytes(); }
    bool blocked() const { return waiting_to_write_; }

  private:
    enum class State : unsigned char {
        open,
        closing,     // our close frame is queued or sent; the peer's is awaited
        discarding,  // nothing more to send or to understand; waiting for the peer to close
        closed,
    };

    void on_deadline(TimePoint now) override;
    void wait_readable();
    void on_readable();
    bool read_once(std::size_t& received);
    void consume(std::span<char> input);
    void handle(const WsMessage& message);
    void handle_close(const WsMessage& message);
    void protocol_error(WsCloseCode code);
    void lost(CloseReason reason);
    void begin_closing(std::string close_frame);
    void tell_closed(CloseReason reason);
    void flush();
    bool write_queue();
    ssize_t write_front();
    void consume_written(std::size_t written);
    void wait_writable();
    void after_flush();
    void finish();

    Shard* shard_;
    TcpSocket socket_;
    WsDecoder decoder_;
    FrameQueue queue_;
    std::size_t front_written_ = 0;  // bytes of the first queued frame that are gone already
    Owner* owner_ = nullptr;
    State state_ = State::open;
    int corks_ = 0;
    std::size_t flush_slot_ = Shard::no_slot;  // where the shard remembers to flush this
    bool waiting_to_write_ = false;
    bool peer_closed_ = false;
};

}  // namespace onhand::socketio
