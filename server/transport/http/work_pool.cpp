#include "transport/http/work_pool.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/spare_turns.hpp"
#include "base/thread_name.hpp"
#include "base/urgency.hpp"

namespace onhand::http {

WorkPool::WorkPool(const char* name, unsigned threads, std::size_t queue_max, Urgency urgency) : queue_max_(queue_max) {
    const auto count = std::max(threads, 1U);
    threads_.reserve(count);
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this, name, urgency] { run(name, urgency); });
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

void WorkPool::run(const char* name, Urgency urgency) {
    name_thread(name);
    std::optional<SpareTurns> turns;
    if (urgency == Urgency::low) {
        step_back(background_nice);
        turns.emplace();
    }
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
