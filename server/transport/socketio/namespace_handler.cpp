#include "transport/socketio/namespace_handler.hpp"

#include <utility>

#include "transport/socketio/connection.hpp"

namespace onhand::socketio {

ConnectRequest::~ConnectRequest() {
    if (parts_.connection.expired()) return;
    parts_.gate->dispatch([connection = std::move(parts_.connection), nsp = std::move(parts_.nsp)] {
        if (const auto alive = connection.lock()) alive->refuse(nsp, "Connection refused", {});
    });
}

void ConnectRequest::next() && {
    if (const auto connection = parts_.connection.lock()) connection->decide(std::move(*this));
}

SocketPtr ConnectRequest::accept(std::shared_ptr<void> data) {
    if (!data) data = std::move(data_);
    const auto connection = std::exchange(parts_.connection, {}).lock();
    return connection ? connection->accept(std::move(parts_), std::move(data)) : nullptr;
}

void ConnectRequest::refuse(std::string_view message, std::string_view data_json) {
    if (const auto connection = std::exchange(parts_.connection, {}).lock()) {
        connection->refuse(parts_.nsp, message, data_json);
    }
}

}  // namespace onhand::socketio
