// The applications behind the example server's namespaces. Echo answers what clients say; its further events make the
// server do what a test wants to see done. The list of them is in echo.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "transport/socketio/server.hpp"

namespace example {

namespace socketio = onhand::socketio;

class Echo final : public socketio::NamespaceHandler {
  public:
    Echo();
    void set_server(socketio::Server& server) { server_ = &server; }

    void on_connect(socketio::ConnectRequest request) override;
    void on_event(socketio::Socket& socket, socketio::Event& event) override;
    void on_disconnect(socketio::Socket& socket, std::string_view reason) override;
    std::string describe(const socketio::Socket& socket) override;
    void on_server_event(socketio::ServerEvent& event) override;

  private:
    using Handler = void (Echo::*)(socketio::Socket&, socketio::Event&);

    void message(socketio::Socket& socket, socketio::Event& event);
    void message_with_ack(socketio::Socket& socket, socketio::Event& event);
    void ask(socketio::Socket& socket, socketio::Event& event);
    void flood(socketio::Socket& socket, socketio::Event& event);
    void push(socketio::Socket& socket, socketio::Event& event);
    void volatile_events(socketio::Socket& socket, socketio::Event& event);
    void announce(socketio::Socket& socket, socketio::Event& event);
    void visit(socketio::Socket& socket, socketio::Event& event);
    void whisper(socketio::Socket& socket, socketio::Event& event);
    void rooms(socketio::Socket& socket, socketio::Event& event);
    void join(socketio::Socket& socket, socketio::Event& event);
    void leave_room(socketio::Socket& socket, socketio::Event& event);
    void to_rooms(socketio::Socket& socket, socketio::Event& event);
    void ask_room(socketio::Socket& socket, socketio::Event& event);
    void fetch(socketio::Socket& socket, socketio::Event& event);
    void rooms_join(socketio::Socket& socket, socketio::Event& event);
    void rooms_leave(socketio::Socket& socket, socketio::Event& event);
    void rooms_disconnect(socketio::Socket& socket, socketio::Event& event);
    void server_side(socketio::Socket& socket, socketio::Event& event);
    void server_side_ask(socketio::Socket& socket, socketio::Event& event);
    void recovered(socketio::Socket& socket, socketio::Event& event);
    void leave(socketio::Socket& socket, socketio::Event& event);
    void kick(socketio::Socket& socket, socketio::Event& event);
    void fail(socketio::Socket& socket, socketio::Event& event);

    std::map<std::string_view, Handler> handlers_;
    socketio::Server* server_ = nullptr;
};

// A namespace whose middleware looks at the token first and takes its time.
socketio::Middleware token_check();

}  // namespace example
