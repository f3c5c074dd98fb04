// One server of a cluster in a test: an adapter with a RecordingLocal behind it, and ways to wait. Used by the tests
// against a real Redis.
#pragma once

#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "transport/socketio/cluster/redis_adapter.hpp"
#include "transport/socketio/cluster/testing/recording_local.hpp"
#include "transport/socketio/cluster/testing/redis_process.hpp"

namespace onhand::socketio {

inline RedisSettings settings_for(const RedisProcess& redis) {
    RedisSettings settings;
    settings.unix_path = redis.socket_path();
    return settings;
}

class ClusterNode {
  public:
    explicit ClusterNode(RedisSettings settings, const std::vector<std::string>& namespaces = {"/"})
        : adapter(std::move(settings), [this](bool connected) { on_connection(connected); }) {
        adapter.start(local, namespaces);
    }

    // True when the adapter is connected (or not), or becomes so in time.
    bool waits_until_connected(bool wanted = true) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_patience, [&] { return connected_ == wanted; });
    }

    // Waits for a change of the connection that came after the `seen` first ones.
    bool waits_for_change(int seen) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_patience, [&] { return changes_ > seen; });
    }

    int changes() {
        const std::lock_guard lock(mutex_);
        return changes_;
    }

    // The answers of the other servers; fails the test with an exception when none come in time.
    ClusterAnswers<RemoteSocket> fetch(const std::string& nsp = "/", Target target = {},
                                       std::chrono::milliseconds timeout = test_patience) {
        return wait_for<RemoteSocket>(
            [&](auto done) { adapter.fetch_sockets(nsp, std::move(target), timeout, std::move(done)); });
    }

    template <class Kind, class Call>
    ClusterAnswers<Kind> wait_for(const Call& call) {
        const auto promise = std::make_shared<std::promise<ClusterAnswers<Kind>>>();
        call([promise](ClusterAnswers<Kind> answers) { promise->set_value(std::move(answers)); });
        auto future = promise->get_future();
        if (future.wait_for(2 * test_patience) != std::future_status::ready) throw std::runtime_error("no answers");
        return future.get();
    }

  private:
    void on_connection(bool connected) {
        const std::lock_guard lock(mutex_);
        connected_ = connected;
        ++changes_;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool connected_ = false;
    int changes_ = 0;

  public:
    // Last, so that their threads are gone before what they use.
    RecordingLocal local;
    RedisAdapter adapter;
};

}  // namespace onhand::socketio
