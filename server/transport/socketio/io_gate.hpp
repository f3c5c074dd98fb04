// The way to an io thread for objects that may outlive the server: HTTP connections, sockets and requests in the
// application's hands. Internal to the library; any thread. Once the server is gone, tasks are dropped unrun.
#pragma once

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace onhand::socketio {

class IoGate {
  public:
    explicit IoGate(boost::asio::io_context& io) : io_(io) {}

    template <class Task>
    void post(Task task) {
        if (open_) boost::asio::post(io_, std::move(task));
    }

    // Runs the task at once when this is the io thread.
    template <class Task>
    void dispatch(Task task) {
        if (open_) boost::asio::dispatch(io_, std::move(task));
    }

    // By the server's destructor, when no io thread runs any more.
    void close() { open_ = false; }

    boost::asio::io_context& io() { return io_; }

  private:
    boost::asio::io_context& io_;
    std::atomic<bool> open_{true};
};

using IoGatePtr = std::shared_ptr<IoGate>;

}  // namespace onhand::socketio
