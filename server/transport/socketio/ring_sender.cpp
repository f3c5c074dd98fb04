#include "transport/socketio/ring_sender.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace onhand::socketio {
namespace {

// A result no send has: not submitted, or not completed yet.
constexpr int no_result = -EINPROGRESS;

}  // namespace

RingSender::RingSender(bool wanted) : results_(batch_max) {
    if (!wanted) return;
    // Completions are only looked at here, so nothing has to interrupt the thread for them. Kernels before 5.19 do not
    // know the flag.
    available_ = ::io_uring_queue_init(batch_max, &ring_, IORING_SETUP_COOP_TASKRUN) == 0 ||
                 ::io_uring_queue_init(batch_max, &ring_, 0) == 0;
}

RingSender::~RingSender() {
    if (available_) ::io_uring_queue_exit(&ring_);
}

void RingSender::add(int descriptor, std::string_view bytes) {
    auto* entry = ::io_uring_get_sqe(&ring_);
    // MSG_DONTWAIT lets the send complete while it is submitted, so nothing goes on in the background.
    ::io_uring_prep_send(entry, descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::io_uring_sqe_set_data64(entry, count_);
    results_[count_++] = no_result;
}

std::span<const int> RingSender::submit() {
    const auto count = count_;
    submitted_ = 0;
    completed_ = 0;
    if (!submit_all() || !collect()) give_up();
    count_ = 0;
    return std::span<const int>(results_).first(count);
}

bool RingSender::submit_all() {
    while (submitted_ < count_) {
        const int taken = ::io_uring_submit_and_wait(&ring_, count_ - submitted_);
        if (taken == -EINTR) continue;
        if (taken <= 0) return false;
        submitted_ += static_cast<unsigned>(taken);
    }
    return true;
}

bool RingSender::collect() {
    while (completed_ < count_) {
        io_uring_cqe* completion = nullptr;
        const int waited = ::io_uring_wait_cqe(&ring_, &completion);
        if (waited == -EINTR) continue;
        if (waited != 0) return false;
        results_[static_cast<std::size_t>(::io_uring_cqe_get_data64(completion))] = completion->res;
        ::io_uring_cqe_seen(&ring_, completion);
        ++completed_;
    }
    return true;
}

// Entries that the kernel did not take are not sent later, as the ring is gone.
void RingSender::give_up() {
    ::io_uring_queue_exit(&ring_);
    available_ = false;
    for (unsigned i = 0; i < count_; ++i) {
        if (results_[i] == no_result) results_[i] = i < submitted_ ? -EIO : -EAGAIN;
    }
}

}  // namespace onhand::socketio
