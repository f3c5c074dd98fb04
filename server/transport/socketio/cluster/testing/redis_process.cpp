#include "transport/socketio/cluster/testing/redis_process.hpp"

#include "transport/socketio/cluster/testing/redis_ear.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <stdexcept>

namespace onhand::socketio {
namespace {

constexpr int patience_s = 30;
constexpr const char* ready_line = "ready to accept connections";

std::string text_of(const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_INTEGER:
            return std::to_string(reply.integer);
        case REDIS_REPLY_ARRAY: {
            std::string out;
            for (std::size_t i = 0; i < reply.elements; ++i) out += (i == 0 ? "" : " ") + text_of(*reply.element[i]);
            return out;
        }
        case REDIS_REPLY_NIL:
            return "nil";
        case REDIS_REPLY_ERROR:
            return "ERROR " + std::string(reply.str, reply.len);
        default:
            return std::string(reply.str, reply.len);
    }
}

// In the child: becomes redis-server.
[[noreturn]] void become_redis(std::vector<std::string> arguments, int output) {
    // Should the test die, Redis goes with it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execvp("redis-server", pointers.data());
    ::_exit(127);
}

}  // namespace

RedisProcess::RedisProcess() {
    std::string folder = (std::filesystem::temp_directory_path() / "onhand-redis-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    socket_path_ = folder_ + "/redis.sock";
    start();
}

RedisProcess::~RedisProcess() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void RedisProcess::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
    process_ = -1;
    std::filesystem::remove(socket_path_);
}

void RedisProcess::start(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"redis-server", "--port", "0",     "--unixsocket", socket_path_,  "--save", "",
                                    "--appendonly", "no",     "--dir", folder_,        "--daemonize", "no"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    int pipe[2] = {-1, -1};
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ == 0) become_redis(std::move(all), pipe[1]);
    ::close(pipe[1]);
    output_ = pipe[0];
    wait_until_it_says_that_it_is_ready(output_);
}

void RedisProcess::pause() {
    ::kill(process_, SIGSTOP);
    int status = 0;
    ::waitpid(process_, &status, WUNTRACED);
}

void RedisProcess::resume() {
    ::kill(process_, SIGCONT);
}

void RedisProcess::wait_until_it_says_that_it_is_ready(int output) {
    std::string text;
    char buffer[4096];
    while (text.find(ready_line) == std::string::npos) {
        const auto length = ::read(output, buffer, sizeof(buffer));
        if (length <= 0) throw std::runtime_error("redis-server (package redis-server) does not start: " + text);
        text.append(buffer, static_cast<std::size_t>(length));
    }
}

std::string RedisProcess::command(const std::vector<std::string>& arguments) const {
    const std::unique_ptr<redisContext, void (*)(redisContext*)> context(redisConnectUnix(socket_path_.c_str()),
                                                                         redisFree);
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    for (const auto& argument : arguments) {
        texts.push_back(argument.data());
        lengths.push_back(argument.size());
    }
    auto* found = redisCommandArgv(context.get(), static_cast<int>(texts.size()), texts.data(), lengths.data());
    const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(found), freeReplyObject);
    if (!reply) throw std::runtime_error("no answer from redis-server");
    return text_of(*reply);
}

RedisEar::RedisEar(const RedisProcess& redis, const std::string& channel) {
    auto* context = redisConnectUnix(redis.socket_path().c_str());
    context_.reset(context, redisFree);
    redisSetTimeout(context, timeval{patience_s, 0});
    redisAppendCommand(context, "SUBSCRIBE %s", channel.c_str());
    next();
}

std::string RedisEar::next() {
    void* found = nullptr;
    if (redisGetReply(static_cast<redisContext*>(context_.get()), &found) != REDIS_OK) {
        throw std::runtime_error("no message from redis-server");
    }
    const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(found), freeReplyObject);
    return reply->elements == 3 ? text_of(*reply->element[2]) : text_of(*reply);
}

}  // namespace onhand::socketio
