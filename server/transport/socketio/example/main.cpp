// A complete Socket.IO server on the library alone, and the program the conformance tests talk to. The namespaces /,
// /custom and /dynamic-<digits> echo (echo.hpp); /guarded wants a token first. Its settings are in settings.hpp.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "transport/socketio/cluster/redis_adapter.hpp"
#include "transport/socketio/example/echo.hpp"
#include "transport/socketio/example/settings.hpp"
#include "transport/socketio/listener/listener.hpp"

namespace {

namespace asio = boost::asio;
using namespace example;

bool is_dynamic_name(std::string_view name, const boost::json::value&) {
    constexpr std::string_view prefix = "/dynamic-";
    if (!name.starts_with(prefix) || name.size() == prefix.size()) return false;
    const auto number = name.substr(prefix.size());
    return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void join_cluster(socketio::Server& server, const std::string& redis) {
    auto where = socketio::parse_redis_url(redis);
    if (!where) throw std::invalid_argument(where.error().message);
    const auto changed = [](bool connected) {
        std::printf("cluster %s\n", connected ? "connected" : "disconnected");
        std::fflush(stdout);
    };
    server.set_cluster(std::make_unique<socketio::RedisAdapter>(std::move(*where), changed));
}

void serve(const Settings& settings) {
    std::vector<std::unique_ptr<asio::io_context>> contexts;
    std::vector<asio::io_context*> pointers;
    for (unsigned i = 0; i < settings.io_threads; ++i) {
        contexts.push_back(std::make_unique<asio::io_context>(1));
        pointers.push_back(contexts.back().get());
    }
    Echo echo;
    socketio::Server server(settings.options, pointers);
    echo.set_server(server);
    server.add_namespace("/", echo);
    server.add_namespace("/custom", echo);
    server.add_namespace("/guarded", echo, {token_check()});
    server.add_namespaces(is_dynamic_name, echo);
    server.set_allow_request([&](const socketio::Handshake& handshake) -> std::optional<std::string> {
        if (settings.origin.empty() || handshake.origin == settings.origin) return std::nullopt;
        return "Origin not allowed";
    });

    if (!settings.redis.empty()) join_cluster(server, settings.redis);

    const socketio::Listener listener(server, pointers, "127.0.0.1", settings.port);
    const auto stop = [&contexts] {
        for (const auto& io : contexts) asio::post(*io, [&io] { io->stop(); });
    };
    asio::signal_set signals(*pointers[0], SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { server.shutdown(stop); });

    std::printf("listening on %u\n", listener.port());
    std::fflush(stdout);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < settings.io_threads; ++i) threads.emplace_back([io = pointers[i]] { io->run(); });
    pointers[0]->run();
    for (auto& thread : threads) thread.join();
    const auto counts = server.counts();
    std::printf("stopped %zu sessions %zu websockets\n", counts.sessions, counts.websockets);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        serve(read_settings(argc, argv));
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return EXIT_FAILURE;
    }
}
