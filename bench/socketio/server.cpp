// onhand-sio-server: the Socket.IO library and its listener as a benchmark server; see --help. node_server.mjs does the
// same with Node's socket.io.
//
// A client's event "next" with a count n has n events of 200 bytes (their whole packet) broadcast to everybody; "ask"
// has every client asked once, and when all have answered the asker gets "acked" with their number.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "socketio/file_limit.hpp"
#include "socketio/load_client.hpp"
#include "socketio/options.hpp"
#include "transport/socketio/broadcast.hpp"
#include "transport/socketio/listener/listener.hpp"
#include "transport/socketio/server.hpp"

namespace asio = boost::asio;
namespace library = onhand::socketio;
namespace bench = onhand::bench::socketio;
using boost::system::error_code;

namespace {

constexpr std::int64_t burst_max = 1000;
constexpr std::chrono::seconds answer_timeout{30};

// The argument of a broadcast: a JSON string that makes the packet exactly as long as it must be.
std::string broadcast_argument() {
    constexpr auto around = bench::event_beginning.size() + 2;
    return "\"" + std::string(bench::event_bytes - around, 'x') + "\"";
}

class Bench : public library::NamespaceHandler {
  public:
    void set_server(library::Server& server) { server_ = &server; }

    void on_connect(library::ConnectRequest request) override { request.accept(); }

    void on_event(library::Socket& socket, library::Event& event) override {
        if (event.name == "next") broadcast(event.argument(0));
        if (event.name == "ask") ask_everybody(socket);
    }

    void on_disconnect(library::Socket&, std::string_view) override {}

  private:
    void broadcast(const boost::json::value* count) {
        const auto wanted = count != nullptr && count->is_int64() ? count->get_int64() : 0;
        for (std::int64_t i = 0; i < std::min(wanted, burst_max); ++i) server_->in("/").emit("tick", argument_);
    }

    void ask_everybody(library::Socket& asker) {
        const auto tell = [back = asker.shared_from_this()](const library::Broadcast::Answers& answers) {
            const auto number = std::to_string(answers.answers.size());
            back->post([number](library::Socket& to) { to.emit("acked", number); });
        };
        server_->in("/").emit_with_ack("question", argument_, answer_timeout, tell);
    }

    library::Server* server_ = nullptr;
    const std::string argument_ = broadcast_argument();
};

// Nobody is left to measure when the input ends.
void watch_input(asio::posix::stream_descriptor& input, std::function<void()> on_end) {
    input.async_wait(asio::posix::stream_descriptor::wait_read, [&input, on_end](error_code error) {
        char ignored[256];
        if (error || ::read(input.native_handle(), ignored, sizeof ignored) <= 0) {
            on_end();
        } else {
            watch_input(input, on_end);
        }
    });
}

void report_heap_on_signal(asio::signal_set& signals) {
    signals.async_wait([&signals](error_code error, int) {
        if (error) return;
        const auto heap = ::mallinfo2();
        std::printf("heap %zu\n", heap.uordblks + heap.hblkhd);
        std::fflush(stdout);
        report_heap_on_signal(signals);
    });
}

void serve(const bench::ServerOptions& options) {
    std::vector<std::unique_ptr<asio::io_context>> contexts;
    std::vector<asio::io_context*> pointers;
    for (unsigned i = 0; i < options.io_threads; ++i) {
        contexts.push_back(std::make_unique<asio::io_context>(1));
        pointers.push_back(contexts.back().get());
    }
    library::Options settings;
    settings.sessions_max = bench::clients_max;
    settings.ping_interval = std::chrono::milliseconds(options.ping_interval_ms);
    Bench handler;
    library::Server server(settings, pointers);
    handler.set_server(server);
    server.add_namespace("/", handler);

    const library::Listener listener(server, pointers, "127.0.0.1", options.port);
    asio::signal_set stop_signals(*pointers[0], SIGINT, SIGTERM);
    asio::signal_set heap_signals(*pointers[0], SIGUSR2);
    asio::posix::stream_descriptor input(*pointers[0], ::dup(STDIN_FILENO));
    const auto stop = [&] {
        for (auto* io : pointers) io->stop();
    };
    stop_signals.async_wait([stop](error_code error, int) {
        if (!error) stop();
    });
    report_heap_on_signal(heap_signals);
    watch_input(input, stop);

    std::printf("listening on %u\n", static_cast<unsigned>(listener.port()));
    std::fflush(stdout);
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < pointers.size(); ++i) threads.emplace_back([io = pointers[i]] { io->run(); });
    pointers[0]->run();
    for (auto& thread : threads) thread.join();
    // Closing the sockets of all clients one by one is not what is measured.
    std::_Exit(EXIT_SUCCESS);
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    const auto options = bench::parse_server_options(arguments);
    if (!options) {
        std::fprintf(stderr, "onhand-sio-server: %s\n", options.error().c_str());
        return 2;
    }
    if (options->help) {
        std::fputs(bench::server_usage().c_str(), stdout);
        return EXIT_SUCCESS;
    }
    bench::raise_file_limit();
    try {
        serve(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "onhand-sio-server: %s\n", error.what());
    }
    return EXIT_FAILURE;
}
