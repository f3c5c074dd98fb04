#pragma once
// A few threads with one bounded queue, for work that may block: questions to the database, hashing of passwords.
// Made by HttpServer; any thread may post. Jobs must not throw; they tell their result by posting to an io thread.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace onhand::http {

class WorkPool {
  public:
    using Job = std::function<void()>;

    // What the threads are given of a processor that others want too.
    enum class Urgency {
        usual,
        low,  // a tenth of what the others get, gives way to them at once, and long work goes on in spare turns
    };

    // Starts `threads` (at least 1), called `name` (base/thread_name.hpp). At most `queue_max` jobs wait.
    WorkPool(const char* name, unsigned threads, std::size_t queue_max, Urgency urgency = Urgency::usual);
    ~WorkPool();
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    // False when the queue is full or the pool stops; the job is then not run.
    bool post(Job job);

    // Takes the job whatever the length of the queue; for the next step of work that was let in before, of which each
    // connection has at most one. False when the pool stops.
    bool post_next_step(Job job);

    // Runs what waits, then ends the threads. Idempotent; called by the destructor.
    void stop();

    std::size_t waiting() const;

  private:
    void run(const char* name, Urgency urgency);
    bool push(Job job, std::size_t queue_max);

    const std::size_t queue_max_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;  // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace onhand::http
