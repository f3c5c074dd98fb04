#pragma once
// A lock that many readers share, and that a writer gets as soon as those who read now are done: while a writer waits,
// later readers wait behind it. std::shared_mutex lets readers pass a waiting writer, so that readers who overlap
// without end would hold up the lane without end. Used by the stock view; any thread. Not recursive.

#include <mutex>
#include <shared_mutex>

namespace onhand::engine {

class FairMutex {
  public:
    void lock() {
        door_.lock();
        room_.lock();
    }
    void unlock() {
        room_.unlock();
        door_.unlock();
    }
    void lock_shared() {
        const std::lock_guard at_the_door(door_);
        room_.lock_shared();
    }
    void unlock_shared() { room_.unlock_shared(); }

  private:
    std::mutex door_;
    std::shared_mutex room_;
};

}  // namespace onhand::engine
