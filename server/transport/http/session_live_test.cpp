// Socket.IO requests on their way through the HTTP session: polling, held requests, and the hand-over to a WebSocket.
#include <latch>

#include "transport/http/session.hpp"
#include "transport/http/testing/server_world.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::http {
namespace {

// Greets everybody and repeats what it hears.
struct Echo final : socketio::NamespaceHandler {
    void on_connect(socketio::ConnectRequest request) override { request.accept(); }
    void on_event(socketio::Socket& socket, socketio::Event& event) override {
        socket.emit("heard", "\"" + std::string(event.name) + "\"");
    }
    void on_disconnect(socketio::Socket&, std::string_view) override {}
};

void nothing(Exchange& exchange) {
    exchange.reply(200, "plain");
}
constexpr Route rows[] = {{"GET", "/get", Access::open, Body::none, KeyNeed::none, 0, "", nothing}};

struct LiveSessionTest : ::testing::Test {
    void SetUp() override {
        options.port = 0;
        options.io_threads = 2;
        server = std::make_unique<HttpServer>(options, world.services, StaticFiles(), rows);
        socketio::Options live_options;
        live_options.max_payload = 5000;
        live = std::make_unique<socketio::Server>(live_options, server->io_contexts());
        live->add_namespace("/", echo);
        server->set_live(*live);
        ASSERT_TRUE(server->start().has_value());
    }
    void TearDown() override {
        std::latch closed(1);
        live->shutdown([&closed] { closed.count_down(); });
        closed.wait();
        server->stop();
    }
    std::unique_ptr<RawClient> connect() const { return std::make_unique<RawClient>(server->port()); }
    std::optional<HttpAnswer> ask(std::string_view request) const { return connect()->ask(request); }
    // Opens a session and joins the main namespace; its id.
    std::string open() const {
        const auto answer = ask(request_text("GET", polling));
        EXPECT_EQ(answer->status, 200) << answer->body;
        const auto begin = answer->body.find("\"sid\":\"") + 7;
        auto sid = answer->body.substr(begin, answer->body.find('"', begin) - begin);
        const auto path = std::string(polling) + "&sid=" + sid;
        EXPECT_EQ(ask(request_text("POST", path, {}, "40"))->body, "ok");
        EXPECT_TRUE(ask(request_text("GET", path))->has("40{\"sid\""));
        return sid;
    }

    static constexpr std::string_view polling = "/socket.io/?EIO=4&transport=polling";
    EngineWorld world;
    Options options;
    Echo echo;
    std::unique_ptr<HttpServer> server;
    std::unique_ptr<socketio::Server> live;
};

TEST_F(LiveSessionTest, polling_answers_carry_our_fields) {
    const auto answer = ask(request_text("GET", polling));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body.rfind("0{\"sid\":", 0), 0U) << answer->body;
    EXPECT_EQ(answer->field("cache-control"), "no-store");
    EXPECT_EQ(answer->field("x-content-type-options"), "nosniff");
    EXPECT_EQ(ask(request_text("GET", "/socket.io/?EIO=3&transport=polling"))->status, 400);
    EXPECT_EQ(ask(request_text("GET", "/get"))->body, "plain");
}

TEST_F(LiveSessionTest, a_held_request_is_answered_when_something_comes) {
    const auto path = std::string(polling) + "&sid=" + open();
    auto held = connect();
    held->send(request_text("GET", path));
    EXPECT_EQ(ask(request_text("POST", path, {}, "42[\"hello\"]"))->body, "ok");
    const auto answer = held->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "42[\"heard\",\"hello\"]");
    EXPECT_EQ(held->ask(request_text("GET", "/get"))->body, "plain") << "the connection goes on";
}

TEST_F(LiveSessionTest, a_held_request_whose_client_goes_ends_its_session) {
    const auto path = std::string(polling) + "&sid=" + open();
    auto held = connect();
    held->send(request_text("GET", "/get") + request_text("GET", path));
    ASSERT_EQ(held->receive()->body, "plain");
    held.reset();
    // Either the end was seen, or the held request is still there and this one is an overlap: 400 in both cases.
    EXPECT_EQ(ask(request_text("GET", path))->status, 400);
    EXPECT_EQ(ask(request_text("GET", path))->status, 400);
}

TEST_F(LiveSessionTest, payloads_are_limited) {
    const auto path = std::string(polling) + "&sid=" + open();
    EXPECT_EQ(ask(request_text("POST", path, {}, "4" + std::string(5000, 'x')))->status, 413);
}

TEST_F(LiveSessionTest, hands_the_socket_over_to_the_websocket) {
    auto client = connect();
    // What follows the head belongs to the WebSocket: a masked text frame with "40".
    const std::string frame("\x81\x82\x01\x02\x03\x04\x35\x32", 8);
    client->send(request_text("GET", "/get") +
                 request_text("GET", "/socket.io/?EIO=4&transport=websocket",
                              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") +
                 frame);
    EXPECT_EQ(client->receive()->body, "plain") << "answers before it come first";
    const auto answer = client->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 101);
    EXPECT_EQ(answer->field("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    client->patience_ms(20);
    std::string frames;
    for (int tries = 0; tries < 500 && frames.find("40{\"sid\"") == std::string::npos; ++tries) frames = client->rest();
    EXPECT_NE(frames.find("0{\"sid\""), std::string::npos);
    EXPECT_NE(frames.find("40{\"sid\""), std::string::npos) << "the frame after the head was heard";
}

TEST_F(LiveSessionTest, other_upgrades_are_ignored) {
    const auto answer = ask(request_text("GET", "/get", "Connection: Upgrade\r\nUpgrade: h2c\r\n"));
    EXPECT_EQ(answer->status, 200);
    const auto websocket = ask(request_text("GET", "/get", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_EQ(websocket->status, 200) << "only Socket.IO has WebSockets";
}

}  // namespace
}  // namespace onhand::http
