// onhand-sio-bare: the least that any server of this benchmark can do, to hold the library against: it answers every
// handshake with the same bytes, and "next" with one send() of a ready frame to each client. No Socket.IO, no
// heartbeat, no outbox, no limits; only onhand-sio-load may be its client. What it costs is what the system's send()
// costs. Single-threaded; takes the options of onhand-sio-server as far as they make sense, and ends with its input.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/file_limit.hpp"
#include "socketio/load_client.hpp"
#include "socketio/options.hpp"

namespace {

namespace bench = onhand::bench::socketio;

constexpr std::size_t request_bytes_max = 4096;
constexpr int events_per_wait = 512;
constexpr std::string_view upgrade_answer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
constexpr std::string_view open_packet = R"(0{"sid":"a"})";
constexpr std::string_view connect_packet = R"(40{"sid":"b"})";

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "onhand-sio-bare: %s: %s\n", what, std::strerror(errno));
    std::exit(EXIT_FAILURE);
}

// A text frame as a server sends it, of at most 65535 bytes.
std::string server_frame(std::string_view text) {
    std::string frame = "\x81";
    if (text.size() < 126) {
        frame += static_cast<char>(text.size());
    } else {
        frame += '\x7e';
        frame += static_cast<char>(text.size() >> 8U);
        frame += static_cast<char>(text.size() & 0xFFU);
    }
    return frame.append(text);
}

std::string broadcast_frame() {
    std::string packet(bench::event_beginning);
    return server_frame(packet.append(bench::event_bytes - packet.size() - 2, 'x').append("\"]"));
}

void add(int epoll, int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, general, size) != 0 || ::listen(listener, SOMAXCONN) != 0) die("listen");
    ::getsockname(listener, general, &size);
    std::printf("listening on %u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return listener;
}

void send_whole(int descriptor, std::string_view bytes) {
    const auto count = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count != static_cast<ssize_t>(bytes.size())) die("a client does not read");
}

class Bare {
  public:
    explicit Bare(std::uint16_t port) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(listen_on(port)) {
        add(epoll_, listener_);
        add(epoll_, STDIN_FILENO);
    }

    void run() {
        std::array<epoll_event, events_per_wait> events{};
        while (true) {
            const auto count = ::epoll_wait(epoll_, events.data(), events_per_wait, -1);
            for (int i = 0; i < count; ++i) {
                const auto descriptor = events.at(static_cast<std::size_t>(i)).data.fd;
                if (descriptor == listener_) {
                    accept();
                } else if (!receive(descriptor)) {
                    return;
                }
            }
        }
    }

  private:
    void accept() {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) return;
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        add(epoll_, client);
    }

    // What the load client sends fits one read and is told apart by what it must contain. False when the input ended.
    bool receive(int descriptor) {
        std::array<char, request_bytes_max> buffer{};
        const auto count = ::read(descriptor, buffer.data(), buffer.size());
        if (descriptor == STDIN_FILENO) return count > 0;
        if (count <= 0) {
            std::erase(clients_, descriptor);
            ::close(descriptor);
            return true;
        }
        const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
        if (text.starts_with("GET ")) {
            send_whole(descriptor, std::string(upgrade_answer) + server_frame(open_packet));
        } else if (text.ends_with("40")) {
            send_whole(descriptor, server_frame(connect_packet));
            clients_.push_back(descriptor);
        } else if (const auto next = text.find("\"next\","); next != std::string_view::npos) {
            broadcast(std::atol(text.data() + next + 7));
        }
        return true;
    }

    void broadcast(long burst) {
        for (; burst > 0; --burst) {
            for (const int client : clients_) send_whole(client, frame_);
        }
    }

    int epoll_;
    int listener_;
    std::vector<int> clients_;
    const std::string frame_ = broadcast_frame();
};

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    const auto options = bench::parse_server_options(arguments);
    if (!options || options->help) {
        std::fprintf(stderr, "onhand-sio-bare [--port PORT]\n");
        return 2;
    }
    bench::raise_file_limit();
    Bare(options->port).run();
    return EXIT_SUCCESS;
}
