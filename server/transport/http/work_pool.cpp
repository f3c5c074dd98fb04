#include "transport/http/work_pool.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace onhand::http {
namespace {

// What sched_setattr(2) takes; the C library of Debian 12 has neither the call nor the type.
struct SchedulingWish {
    std::uint32_t size = sizeof(SchedulingWish);
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t slice_ns = 0;  // kernels before 6.12 take no notice of it, and give way sooner by themselves
    std::uint64_t deadline_ns = 0;
    std::uint64_t period_ns = 0;
};

// Of this thread only. Where the system does not allow it the thread stays as it is.
void set_urgency(WorkPool::Urgency urgency) {
    if (urgency == WorkPool::Urgency::usual) return;
    SchedulingWish wish;
    const int wanted = urgency == WorkPool::Urgency::least ? WorkPool::least_nice : WorkPool::low_nice;
    wish.nice = std::max(::getpriority(PRIO_PROCESS, 0), wanted);
    wish.slice_ns = WorkPool::slice_ns;
    ::syscall(SYS_sched_setattr, 0, &wish, 0);
}

}  // namespace

WorkPool::WorkPool(unsigned threads, std::size_t queue_max, Urgency urgency) : queue_max_(queue_max) {
    const auto count = std::max(threads, 1U);
    threads_.reserve(count);
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this, urgency] { run(urgency); });
}

WorkPool::~WorkPool() {
    stop();
}

bool WorkPool::post(Job job) {
    return push(std::move(job), queue_max_);
}

bool WorkPool::post_next_step(Job job) {
    return push(std::move(job), std::numeric_limits<std::size_t>::max());
}

bool WorkPool::push(Job job, std::size_t queue_max) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queue_max) return false;
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void WorkPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

std::size_t WorkPool::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void WorkPool::run(Urgency urgency) {
    set_urgency(urgency);
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
}

}  // namespace onhand::http
