#include "bus/redis/testing/redis_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <stdexcept>

namespace onhand::bus::redis {
namespace {

constexpr std::chrono::seconds patience{20};
constexpr int output_bytes = 1024 * 1024;

// Below the ports that the kernel gives to outgoing connections (from 32768): one of those could take the port of a
// server that is not up yet, or down for a while. A node of a cluster also listens on the port 10000 above.
constexpr int cluster_port_above = 10'000;
constexpr int port_min = 10'000;
constexpr int port_max = 22'000;
constexpr int port_attempts_max = 1'000;

std::string text_of(ReplyView reply) {
    if (reply.is_nil()) return "nil";
    if (reply.is_integer()) return std::to_string(reply.integer());
    if (reply.is_error()) return "ERROR " + std::string(reply.text());
    std::string out(reply.text());
    for (std::size_t i = 0; i < reply.size(); ++i) out += (i == 0 ? "" : " ") + text_of(reply[i]);
    return out;
}

// In the child: becomes the server.
[[noreturn]] void become_server(std::vector<std::string> arguments, std::vector<std::string> environment, int output) {
    // Should the test die, the server goes with it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    for (auto& variable : environment) ::putenv(variable.data());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execvp(pointers.front(), pointers.data());
    ::_exit(127);
}

void wait_for_words(int output, const std::string& words) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (text.find(words) == std::string::npos) {
        const auto length = ::read(output, buffer.data(), buffer.size());
        if (length <= 0) throw std::runtime_error("redis-server (package redis-server) does not start: " + text);
        text.append(buffer.data(), static_cast<std::size_t>(length));
    }
}

bool is_free(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    return bound;
}

}  // namespace

int free_port() {
    static std::set<int> given;
    static std::minstd_rand random(std::random_device{}());
    std::uniform_int_distribution<int> ports(port_min, port_max);
    for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
        const int port = ports(random);
        if (is_free(port) && is_free(port + cluster_port_above) && given.insert(port).second) return port;
    }
    throw std::runtime_error("no free port");
}

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
    std::string folder = (std::filesystem::temp_directory_path() / "onhand-redis-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    std::ofstream(folder_ + "/redis.conf") << options_.config;
    port_ = free_port();
    start();
}

RedisServer::~RedisServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string RedisServer::place() const {
    return "127.0.0.1:" + std::to_string(port_);
}

std::string RedisServer::url(const std::string& rest) const {
    return "redis://" + place() + rest;
}

void RedisServer::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
    process_ = -1;
}

void RedisServer::start() {
    std::vector<std::string> all = {"redis-server", folder_ + "/redis.conf", "--port", std::to_string(port_)};
    for (const char* word : {"--bind", "127.0.0.1", "--daemonize", "no", "--dir"}) all.emplace_back(word);
    all.push_back(folder_);
    if (options_.is_sentinel) {
        all.emplace_back("--sentinel");
    } else {
        for (const char* word : {"--save", "", "--appendonly", "no"}) all.emplace_back(word);
    }
    all.insert(all.end(), options_.arguments.begin(), options_.arguments.end());
    int pipe[2] = {-1, -1};
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    ::fcntl(pipe[1], F_SETPIPE_SZ, output_bytes);
    process_ = ::fork();
    if (process_ == 0) become_server(std::move(all), options_.environment, pipe[1]);
    ::close(pipe[1]);
    output_ = pipe[0];
    wait_for_words(output_, options_.is_sentinel ? "+monitor master" : "Ready to accept connections");
}

void RedisServer::pause() {
    ::kill(process_, SIGSTOP);
    int status = 0;
    ::waitpid(process_, &status, WUNTRACED);
}

void RedisServer::resume() {
    ::kill(process_, SIGCONT);
}

std::string RedisServer::command(const std::vector<std::string>& arguments) const {
    Connection connection;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const std::vector<std::string_view> views(arguments.begin(), arguments.end());
    // A server that changes its part closes the connections it has.
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (!connection.open(Address{"127.0.0.1", port_, {}}, login, deadline)) continue;
        const auto reply = connection.call(views, deadline);
        if (reply) return text_of(reply.view());
    }
    throw std::runtime_error("no answer from redis-server: " + connection.error());
}

int RedisServer::calls_of(const std::string& name) const {
    const auto info = command({"INFO", "commandstats"});
    const std::string beginning = "cmdstat_" + name + ":calls=";
    const auto at = info.find(beginning);
    return at == std::string::npos ? 0 : std::stoi(info.substr(at + beginning.size()));
}

}  // namespace onhand::bus::redis
