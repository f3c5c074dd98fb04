// Sends to many sockets in one system call: io_uring, used synchronously. A broadcast to a thousand clients is a
// thousand short writes, and entering the kernel for each costs about as much as all the library does. One per io
// thread, used on that thread; internal to the library. Where the kernel or the container allows no io_uring it is not
// available, and its user sends one by one.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace onhand::socketio {

class RingSender {
  public:
    static constexpr unsigned batch_max = 256;

    // `wanted`: false makes one that is not available.
    explicit RingSender(bool wanted);
    ~RingSender();
    RingSender(const RingSender&) = delete;
    RingSender& operator=(const RingSender&) = delete;

    bool available() const { return available_; }
    bool full() const { return count_ == batch_max; }

    // Needs available() and not full(). The bytes must live until submit() has returned.
    void add(int descriptor, std::string_view bytes);

    // Sends everything added, without waiting for any peer. The results stand in the order of the calls of add(): what
    // ::send() would have returned, or an error as a negative number: EAGAIN when nothing was sent, EIO when it is not
    // known. Good until the next call. After a failure of the ring itself it is not available any more.
    std::span<const int> submit();

  private:
    bool submit_all();
    bool collect();
    void give_up();

    io_uring ring_{};
    bool available_ = false;
    unsigned count_ = 0;
    unsigned submitted_ = 0;
    unsigned completed_ = 0;
    std::vector<int> results_;
};

}  // namespace onhand::socketio
