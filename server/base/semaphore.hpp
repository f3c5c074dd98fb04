#pragma once
// A semaphore (sem_overview(7)) that threads of very different urgency may share: posting and waiting hold no lock, so
// a thread that stands still in the middle of either keeps nobody waiting. Thread-safe.

#include <semaphore.h>

#include <chrono>

namespace onhand {

class Semaphore {
  public:
    Semaphore();
    ~Semaphore();
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    void post();
    void wait();
    // False when `deadline` came first; one that has passed only asks.
    bool wait_until(std::chrono::steady_clock::time_point deadline);

  private:
    sem_t semaphore_{};
};

}  // namespace onhand
