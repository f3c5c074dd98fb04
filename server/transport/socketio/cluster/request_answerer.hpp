// What another server asks, done on this one: translates a request into calls of ClusterLocal, and what these give
// into answers, which go into the adapter's inbox. Called by RedisWorker on its thread; the handlers that it hands to
// ClusterLocal may be called on any thread, also after the adapter has stopped, when they do nothing.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "transport/socketio/cluster/adapter_inbox.hpp"

namespace onhand::socketio {

// How long clients have to acknowledge a broadcast whose sender did not say it.
constexpr std::chrono::milliseconds ack_timeout_default{5000};

// A request to this server, not one of its own. A broadcast for another namespace than `nsp` is ignored.
void answer_request(ClusterLocal& local, const std::shared_ptr<AdapterInbox>& inbox, const std::string& nsp,
                    RequestMessage request);

}  // namespace onhand::socketio
