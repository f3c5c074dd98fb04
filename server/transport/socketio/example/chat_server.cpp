// A chat server in sixty lines: rooms, acknowledgements, and a check of who may come in.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "transport/socketio/listener/listener.hpp"

namespace json = boost::json;
using namespace onhand::socketio;

struct Member {
    std::string name;
};

struct Chat : NamespaceHandler {
    void on_connect(ConnectRequest request) override {
        const auto socket = request.accept();  // with the data that the middleware set
        if (socket) socket->join("lobby");
    }

    // The client says: socket.emit("say", "lobby", "hello", (heard) => …)
    void on_event(Socket& socket, Event& event) override {
        const auto* room = event.argument(0);
        const auto* text = event.argument(1);
        if (event.name != "say" || room == nullptr || text == nullptr || !room->is_string()) return;
        const json::array said = {socket.data<Member>()->name, *text};
        const auto args = json::serialize(said[0]) + "," + json::serialize(said[1]);
        socket.to(std::string(room->get_string())).emit("said", args);
        event.ack.reply("true");
    }

    void on_disconnect(Socket& socket, std::string_view reason) override {
        std::printf("%s left: %s\n", socket.data<Member>()->name.c_str(), std::string(reason).c_str());
    }
};

void check_name(ConnectRequest request) {
    const auto* auth = request.auth().if_object();
    const auto* name = auth != nullptr ? auth->if_contains("name") : nullptr;
    if (name == nullptr || !name->is_string()) return request.refuse("tell me your name");
    request.set_data(std::make_shared<Member>(Member{std::string(name->get_string())}));
    std::move(request).next();
}

int main() {
    boost::asio::io_context io(1);
    Chat chat;
    Server server(Options{}, {&io});
    server.add_namespace("/", chat, {check_name});
    const Listener listener(server, {&io}, "127.0.0.1", 3000);

    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { server.shutdown([&io] { io.stop(); }); });
    std::printf("listening on port %u\n", listener.port());
    io.run();
}
