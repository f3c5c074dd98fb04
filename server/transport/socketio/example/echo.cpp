#include "transport/socketio/example/echo.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {
namespace {

namespace json = boost::json;

// JSON values as event arguments: their text, separated by commas.
std::string join_values(const json::array& values, std::size_t first) {
    std::string out;
    for (std::size_t i = first; i < values.size(); ++i) {
        if (i > first) out += ',';
        out += json::serialize(values[i]);
    }
    return out;
}

std::string arguments_of(const socketio::Event& event, std::size_t first = 0) {
    return join_values(event.payload, first + 1);
}

std::string text_at(const socketio::Event& event, std::size_t index) {
    const auto* value = event.argument(index);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_at(const socketio::Event& event, std::size_t index) {
    const auto* value = event.argument(index);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::vector<std::string> texts_at(const socketio::Event& event, std::size_t index) {
    std::vector<std::string> texts;
    const auto* value = event.argument(index);
    if (value == nullptr || !value->is_array()) return texts;
    for (const auto& element : value->get_array()) {
        if (element.is_string()) texts.emplace_back(element.get_string());
    }
    return texts;
}

std::string as_json(const std::vector<std::string>& texts) {
    return json::serialize(json::value_from(texts));
}

std::string rooms_json(const socketio::Socket& socket) {
    auto rooms = socket.rooms();
    rooms.insert(rooms.begin(), socket.id());
    return as_json(rooms);
}

// Values that are JSON already, as one JSON array.
std::string array_json(const std::vector<std::string>& values) {
    std::string out = "[";
    for (const auto& value : values) {
        if (out.size() > 1) out += ',';
        out += value;
    }
    return out + "]";
}

std::string answers_json(const socketio::ClusterAnswers<socketio::JsonData>& all) {
    std::vector<std::string> values;
    for (const auto& answer : all.answers) values.push_back(answer.json);
    return "{\"timed_out\":" + std::string(all.timed_out ? "true" : "false") + ",\"answers\":" + array_json(values) +
           "}";
}

void print(std::string_view what, std::string_view text) {
    std::printf("%.*s %.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(text.size()), text.data());
    std::fflush(stdout);
}

// Counts what the back-pressure of one client let through.
struct FloodState {
    std::int64_t left = 0;
    std::int64_t number = 0;
};

void pour(socketio::Socket& socket, FloodState& flood) {
    while (flood.left > 0 && socket.writable()) {
        const std::string padding(1000, 'x');
        socket.emit("flood", std::to_string(flood.number++) + ",\"" + padding + "\"");
        if (--flood.left == 0) socket.emit("flood-end", std::to_string(flood.number));
    }
}

constexpr std::chrono::seconds cluster_timeout{2};

}  // namespace

Echo::Echo()
    : handlers_{
          {"message", &Echo::message},                    // sends "message-back" with the same arguments
          {"message-with-ack", &Echo::message_with_ack},  // answers with the same arguments
          {"ask", &Echo::ask},                            // asks "question" back, then sends "answered"
          {"flood", &Echo::flood},                        // COUNT: as many events as the client takes
          {"push", &Echo::push},                          // COUNT: events of 10 kB, whether it takes them or not
          {"volatile", &Echo::volatile_events},           // COUNT: volatile events "vol", numbered
          {"announce", &Echo::announce},                  // ARGS…: "announced" to everybody in the namespace
          {"visit", &Echo::visit},                        // "visited" to each client of this server
          {"whisper", &Echo::whisper},                    // ID: "whispered" to one client of this server
          {"rooms", &Echo::rooms},                        // answers with the client's rooms
          {"join", &Echo::join},                          // ROOM…: and answers with the rooms
          {"leave-room", &Echo::leave_room},              // ROOM…: and answers with the rooms
          {"to", &Echo::to_rooms},                        // [ROOM…] [EXCEPT…] ARGS…: "told" to those but the sender
          {"ask-room", &Echo::ask_room},                  // ROOM TIMEOUT_MS: "question" to all, then "room-answers"
          {"fetch", &Echo::fetch},                        // ROOM: answers with its clients
          {"rooms-join", &Echo::rooms_join},              // ROOM NEW_ROOM: for all clients in it
          {"rooms-leave", &Echo::rooms_leave},            // ROOM OLD_ROOM
          {"rooms-disconnect", &Echo::rooms_disconnect},  // ROOM CLOSE
          {"server-side", &Echo::server_side},            // ARGS…: an event "server-side" to the other servers
          {"server-side-ask", &Echo::server_side_ask},    // ARGS…: the same with answers, then "server-answers"
          {"recovered", &Echo::recovered},                // answers whether the session was recovered
          {"leave", &Echo::leave},                        // the server takes the client out of the namespace
          {"kick", &Echo::kick},                          // the server ends the connection
          {"throw", &Echo::fail},                         // the application fails
      } {}

void Echo::on_connect(socketio::ConnectRequest request) {
    const auto auth = request.auth();
    const auto socket = request.accept(request.recovering() ? nullptr : std::make_shared<FloodState>());
    if (!socket || socket->recovered()) return;
    socket->emit("auth", json::serialize(auth.is_null() ? json::value(json::object()) : auth));
}

void Echo::on_event(socketio::Socket& socket, socketio::Event& event) {
    const auto found = handlers_.find(event.name);
    if (found != handlers_.end()) (this->*found->second)(socket, event);
}

void Echo::on_disconnect(socketio::Socket&, std::string_view reason) {
    print("disconnect", reason);
}

std::string Echo::describe(const socketio::Socket& socket) {
    return "{\"nsp\":" + json::serialize(json::value(socket.nsp())) + "}";
}

void Echo::on_server_event(socketio::ServerEvent& event) {
    print("server-side", event.json);
    if (event.reply) event.reply(socketio::JsonData{"\"heard " + std::to_string(event.payload.size() - 1) + "\"", {}});
}

void Echo::message(socketio::Socket& socket, socketio::Event& event) {
    socket.emit("message-back", arguments_of(event), event.attachments);
}

void Echo::message_with_ack(socketio::Socket&, socketio::Event& event) {
    event.ack.reply(arguments_of(event), event.attachments);
}

void Echo::ask(socketio::Socket& socket, socketio::Event& event) {
    const auto weak = socket.weak_from_this();
    const auto answered = [weak](const socketio::Answer* answer) {
        const auto asker = weak.lock();
        if (!asker) return;
        if (answer == nullptr) {
            asker->emit("answered", "null");
        } else {
            asker->emit("answered", answer->json, answer->attachments);
        }
    };
    socket.emit_with_ack("question", arguments_of(event), std::chrono::seconds(1), answered, event.attachments);
}

void Echo::flood(socketio::Socket& socket, socketio::Event& event) {
    auto* flood = socket.data<FloodState>();
    flood->left = number_at(event, 0);
    socket.set_drain_handler([](socketio::Socket& drained) { pour(drained, *drained.data<FloodState>()); });
    pour(socket, *flood);
}

// Sends without regard to back-pressure, to show how the outbox is bounded.
void Echo::push(socketio::Socket& socket, socketio::Event& event) {
    const socketio::EncodedEvent pushed("pushed", "\"" + std::string(10000, 'y') + "\"", socket.nsp());
    const auto times = number_at(event, 0);
    for (std::int64_t i = 0; i < times; ++i) socket.emit(pushed);
}

void Echo::volatile_events(socketio::Socket& socket, socketio::Event& event) {
    const auto padding = std::string(1000, 'v');
    const auto times = number_at(event, 0);
    std::int64_t sent = 0;
    for (std::int64_t i = 0; i < times; ++i) {
        const auto args = std::to_string(i) + ",\"" + padding + "\"";
        if (socket.emit_volatile(socketio::EncodedEvent("vol", args, socket.nsp()))) ++sent;
    }
    event.ack.reply(std::to_string(sent));
}

void Echo::announce(socketio::Socket& socket, socketio::Event& event) {
    server_->in(socket.nsp()).emit("announced", arguments_of(event), event.attachments);
}

void Echo::visit(socketio::Socket& socket, socketio::Event&) {
    server_->for_each_socket(socket.nsp(), [](socketio::Socket& other) { other.emit("visited", ""); });
}

void Echo::whisper(socketio::Socket& socket, socketio::Event& event) {
    server_->with_socket(socket.nsp(), text_at(event, 0), [](socketio::Socket& other) { other.emit("whispered", ""); });
}

void Echo::rooms(socketio::Socket& socket, socketio::Event& event) {
    event.ack.reply(rooms_json(socket));
}

void Echo::join(socketio::Socket& socket, socketio::Event& event) {
    for (std::size_t i = 0; i < event.argument_count(); ++i) socket.join(text_at(event, i));
    event.ack.reply(rooms_json(socket));
}

void Echo::leave_room(socketio::Socket& socket, socketio::Event& event) {
    for (std::size_t i = 0; i < event.argument_count(); ++i) socket.leave(text_at(event, i));
    event.ack.reply(rooms_json(socket));
}

void Echo::to_rooms(socketio::Socket& socket, socketio::Event& event) {
    auto others = socket.broadcast();
    for (const auto& room : texts_at(event, 0)) others.to(room);
    for (const auto& room : texts_at(event, 1)) others.except(room);
    others.emit("told", arguments_of(event, 2), event.attachments);
    event.ack.reply("true");
}

void Echo::ask_room(socketio::Socket& socket, socketio::Event& event) {
    const auto asker = socket.shared_from_this();
    const auto tell = [asker](const socketio::Broadcast::Answers& answers) {
        asker->post([text = answers_json(answers)](socketio::Socket& here) { here.emit("room-answers", text); });
    };
    const auto timeout = std::chrono::milliseconds(number_at(event, 1));
    server_->in(socket.nsp()).to(text_at(event, 0)).emit_with_ack("question", "", timeout, tell);
}

void Echo::fetch(socketio::Socket& socket, socketio::Event& event) {
    const auto asker = socket.shared_from_this();
    const auto ack = std::make_shared<socketio::AckHandle>(std::move(event.ack));
    const auto tell = [asker, ack](const socketio::Broadcast::Sockets& found) {
        std::vector<std::string> all;
        for (const auto& one : found.answers) {
            all.push_back("{\"id\":" + json::serialize(json::value(one.id)) + ",\"rooms\":" + as_json(one.rooms) +
                          ",\"handshake\":" + one.handshake_json + ",\"data\":" + one.data_json + "}");
        }
        asker->post([ack, text = array_json(all)](socketio::Socket&) { ack->reply(text); });
    };
    auto target = server_->in(socket.nsp());
    if (!text_at(event, 0).empty()) target.to(text_at(event, 0));
    target.fetch_sockets(cluster_timeout, tell);
}

void Echo::rooms_join(socketio::Socket& socket, socketio::Event& event) {
    server_->in(socket.nsp()).to(text_at(event, 0)).sockets_join({text_at(event, 1)});
    event.ack.reply("true");
}

void Echo::rooms_leave(socketio::Socket& socket, socketio::Event& event) {
    server_->in(socket.nsp()).to(text_at(event, 0)).sockets_leave({text_at(event, 1)});
    event.ack.reply("true");
}

void Echo::rooms_disconnect(socketio::Socket& socket, socketio::Event& event) {
    const auto* close = event.argument(1);
    server_->in(socket.nsp()).to(text_at(event, 0)).disconnect_sockets(close != nullptr && *close == json::value(true));
    event.ack.reply("true");
}

void Echo::server_side(socketio::Socket& socket, socketio::Event& event) {
    server_->server_side_emit(socket.nsp(), "server-side", arguments_of(event), event.attachments);
    event.ack.reply("true");
}

void Echo::server_side_ask(socketio::Socket& socket, socketio::Event& event) {
    const auto asker = socket.shared_from_this();
    const auto tell = [asker](const socketio::ClusterAnswers<socketio::JsonData>& answers) {
        asker->post([text = answers_json(answers)](socketio::Socket& here) { here.emit("server-answers", text); });
    };
    server_->server_side_emit(socket.nsp(), "server-side", arguments_of(event), cluster_timeout, tell);
}

void Echo::recovered(socketio::Socket& socket, socketio::Event& event) {
    event.ack.reply(socket.recovered() ? "true" : "false");
}

void Echo::leave(socketio::Socket& socket, socketio::Event&) {
    socket.disconnect();
}

void Echo::kick(socketio::Socket& socket, socketio::Event&) {
    socket.disconnect(true);
}

void Echo::fail(socketio::Socket&, socketio::Event&) {
    throw std::runtime_error("asked to throw");
}

socketio::Middleware token_check() {
    return [](socketio::ConnectRequest request) {
        auto& io = request.io_context();
        boost::asio::post(io, [held = std::move(request)]() mutable {
            const auto* auth = held.auth().if_object();
            const auto* token = auth != nullptr ? auth->if_contains("token") : nullptr;
            if (token == nullptr || *token != "let me in") return held.refuse("not authorized", "{\"code\":401}");
            std::move(held).next();
        });
    };
}

}  // namespace example
