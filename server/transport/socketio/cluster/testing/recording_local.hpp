// A ClusterLocal for tests: writes down, as one line each, what it is asked to do, and answers from what the test put
// into it. Functions are called on the adapter's thread; a test waits for lines with a deadline that only a failure
// reaches.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "transport/socketio/cluster.hpp"

namespace onhand::socketio {

constexpr std::chrono::seconds test_patience{30};

class RecordingLocal final : public ClusterLocal {
  public:
    // What it answers with; set before the adapter starts, or within with_lock().
    std::vector<RemoteSocket> sockets;
    std::vector<std::string> rooms;
    std::vector<JsonData> client_answers;
    bool answers = true;  // false: handlers are kept in `kept` and not called

    std::vector<std::function<void()>> kept;

    template <class Call>
    void with_lock(const Call& call) {
        const std::lock_guard lock(mutex_);
        call();
    }

    std::vector<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

    // True when a line is there, or comes in time.
    bool waits_for(const std::string& line) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_patience, [&] { return count_locked(line) > 0; });
    }

    std::size_t count(const std::string& line) {
        const std::lock_guard lock(mutex_);
        return count_locked(line);
    }

    void deliver(const std::string& nsp, JsonData event, Target target) override {
        add("deliver " + nsp + " " + text_of(event) + text_of(target));
    }

    void deliver_with_ack(const std::string& nsp, JsonData event, Target target, std::chrono::milliseconds timeout,
                          std::function<void(std::size_t)> counted, std::function<void(JsonData)> answered) override {
        answer([this, counted = std::move(counted), answered = std::move(answered)] {
            counted(client_answers.size());
            for (const auto& each : client_answers) answered(each);
        });
        add("ask clients " + nsp + " " + text_of(event) + text_of(target) + " " + std::to_string(timeout.count()));
    }

    void join_rooms(const std::string& nsp, Target target, std::vector<std::string> names) override {
        add("join " + nsp + text_of(target) + " :" + text_of(names));
    }

    void leave_rooms(const std::string& nsp, Target target, std::vector<std::string> names) override {
        add("leave " + nsp + text_of(target) + " :" + text_of(names));
    }

    void disconnect(const std::string& nsp, Target target, bool close_connection) override {
        add("disconnect " + nsp + text_of(target) + (close_connection ? " and close" : ""));
    }

    void list_sockets(const std::string& nsp, Target target,
                      std::function<void(std::vector<RemoteSocket>)> listed) override {
        answer([this, listed = std::move(listed)] { listed(sockets); });
        add("list sockets " + nsp + text_of(target));
    }

    void list_rooms(const std::string& nsp, std::function<void(std::vector<std::string>)> listed) override {
        answer([this, listed = std::move(listed)] { listed(rooms); });
        add("list rooms " + nsp);
    }

    void server_event(const std::string& nsp, JsonData event, std::function<void(JsonData)> reply) override {
        if (reply) {
            answer([this, reply = std::move(reply)] {
                if (!client_answers.empty()) reply(client_answers[0]);
            });
        }
        add("server event " + nsp + " " + text_of(event));
    }

  private:
    static std::string text_of(const std::vector<std::string>& names) {
        std::string out;
        for (const auto& name : names) out += " " + name;
        return out;
    }

    static std::string text_of(const JsonData& data) {
        std::string out = data.json;
        for (const auto& each : data.attachments) out += "+" + each;
        return out;
    }

    static std::string text_of(const Target& target) {
        std::string out = target.rooms.empty() ? "" : " to" + text_of(target.rooms);
        if (!target.except.empty()) out += " except" + text_of(target.except);
        return out + (target.is_volatile ? " volatile" : "");
    }

    void answer(std::function<void()> call) {
        const std::lock_guard lock(mutex_);
        if (answers) {
            call();
        } else {
            kept.push_back(std::move(call));
        }
    }

    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
        changed_.notify_all();
    }

    std::size_t count_locked(const std::string& line) const {
        return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), line));
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

}  // namespace onhand::socketio
