#include "transport/socketio/cluster/adapter_inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace onhand::socketio {
namespace {

std::size_t size_of(const std::vector<std::string>& names) {
    std::size_t size = 0;
    for (const auto& name : names) size += sizeof(name) + name.size();
    return size;
}

std::size_t size_of(const JsonData& data) {
    return data.json.size() + size_of(data.attachments);
}

std::size_t size_of(const Target& target) {
    return size_of(target.rooms) + size_of(target.except);
}

std::size_t size_of(const RequestMessage& message) {
    return size_of(message.event) + size_of(message.target) + size_of(message.rooms);
}

struct AnswerSize {
    std::size_t operator()(const DoneAnswer&) const { return 0; }
    std::size_t operator()(const ClientCountAnswer&) const { return 0; }
    std::size_t operator()(const SocketIdsAnswer& answer) const { return size_of(answer.ids); }
    std::size_t operator()(const RoomsAnswer& answer) const { return size_of(answer.rooms); }
    std::size_t operator()(const ServerSideEmitAnswer& answer) const { return size_of(answer.data); }
    std::size_t operator()(const ClientAckAnswer& answer) const { return size_of(answer.data); }
    std::size_t operator()(const SocketsAnswer& answer) const {
        std::size_t size = 0;
        for (const auto& socket : answer.sockets) {
            size += sizeof(socket) + socket.handshake_json.size() + socket.data_json.size() + size_of(socket.rooms);
        }
        return size;
    }
};

// What a command takes of the bounds; nothing for those that never are dropped.
struct CommandSize {
    std::optional<std::size_t> operator()(const AddNamespace&) const { return std::nullopt; }
    std::optional<std::size_t> operator()(const RemoveNamespace&) const { return std::nullopt; }
    std::optional<std::size_t> operator()(const SendBroadcast& command) const {
        return sizeof(command) + size_of(command.event) + size_of(command.target);
    }
    std::optional<std::size_t> operator()(const SendRequest& command) const {
        return sizeof(command) + size_of(command.message);
    }
    std::optional<std::size_t> operator()(const SendResponse& command) const {
        return sizeof(command) + std::visit(AnswerSize{}, command.message.answer);
    }
    std::optional<std::size_t> operator()(const Ask& command) const {
        if (command.refused) return std::nullopt;
        return sizeof(command) + size_of(command.message);
    }
};

std::optional<std::size_t> size_of(const AdapterCommand& command) {
    return std::visit(CommandSize{}, command);
}

}  // namespace

void answer_nothing(const AnswersHandler& done, bool timed_out) {
    if (const auto* sockets = std::get_if<SocketsHandler>(&done)) {
        (*sockets)(ClusterAnswers<RemoteSocket>{timed_out, {}});
    } else {
        std::get<JsonAnswersHandler>(done)(ClusterAnswers<JsonData>{timed_out, {}});
    }
}

AdapterInbox::AdapterInbox(std::size_t messages_max, std::size_t bytes_max)
    : messages_max_(messages_max), bytes_max_(bytes_max), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

AdapterInbox::~AdapterInbox() {
    ::close(wake_);
}

void AdapterInbox::push(AdapterCommand command) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    auto size = size_of(command);
    if (size && (messages_ >= messages_max_ || *size > bytes_max_ || bytes_ > bytes_max_ - *size)) {
        ++counters.dropped;
        auto* ask = std::get_if<Ask>(&command);
        if (ask == nullptr) return;
        ask->refused = true;
        ask->message = {};
        size.reset();
    }
    if (size) {
        ++messages_;
        bytes_ += *size;
    }
    commands_.push_back(std::move(command));
    if (commands_.size() == 1) wake();
}

std::optional<AdapterCommand> AdapterInbox::take() {
    const std::lock_guard lock(mutex_);
    return take_locked();
}

std::optional<AdapterCommand> AdapterInbox::take_last() {
    const std::lock_guard lock(mutex_);
    if (commands_.empty()) closed_ = true;
    return take_locked();
}

std::optional<AdapterCommand> AdapterInbox::take_locked() {
    if (commands_.empty()) return std::nullopt;
    std::optional<AdapterCommand> command(std::move(commands_.front()));
    commands_.pop_front();
    if (const auto size = size_of(*command)) {
        --messages_;
        bytes_ -= *size;
    }
    return command;
}

void AdapterInbox::request_stop() {
    stop_requested_ = true;
    wake();
}

void AdapterInbox::reset_wake() {
    std::uint64_t count = 0;
    // Nothing to read is as good as something.
    [[maybe_unused]] const auto read = ::read(wake_, &count, sizeof(count));
}

void AdapterInbox::wake() const {
    const std::uint64_t one = 1;
    // It only fails when the count is at its end, and then the thread is awake.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof(one));
}

}  // namespace onhand::socketio
