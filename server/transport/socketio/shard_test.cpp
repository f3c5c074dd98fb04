#include "transport/socketio/shard.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

struct Recorder : Timed {
    explicit Recorder(std::vector<int>& log, int number) : log_(log), number_(number) {}
    void on_deadline(TimePoint) override {
        log_.push_back(number_);
        if (then) then();
    }
    std::function<void()> then;

  private:
    std::vector<int>& log_;
    int number_;
};

constexpr TimePoint at(int milliseconds) {
    return TimePoint(std::chrono::milliseconds(milliseconds));
}

class DeadlineQueueTest : public testing::Test {
  protected:
    std::vector<int> log;
    DeadlineQueue queue;
    Recorder one{log, 1};
    Recorder two{log, 2};
    Recorder three{log, 3};
};

TEST_F(DeadlineQueueTest, calls_what_is_due_in_order) {
    EXPECT_EQ(queue.earliest(), TimePoint::max());
    queue.schedule(two, at(20));
    queue.schedule(one, at(10));
    queue.schedule(three, at(30));
    queue.schedule(three, TimePoint::max());  // no deadline changes nothing
    EXPECT_EQ(queue.earliest(), at(10));
    queue.run(at(9));
    EXPECT_TRUE(log.empty());
    queue.run(at(20));
    EXPECT_EQ(log, (std::vector<int>{1, 2}));
    EXPECT_EQ(queue.earliest(), at(30));
}

TEST_F(DeadlineQueueTest, moves_entries_forward_at_once_and_backward_lazily) {
    queue.schedule(one, at(20));
    queue.schedule(one, at(30));
    EXPECT_EQ(queue.earliest(), at(20));
    queue.schedule(one, at(10));
    EXPECT_EQ(queue.earliest(), at(10));
    queue.run(at(100));
    EXPECT_EQ(log, std::vector<int>{1});
}

TEST_F(DeadlineQueueTest, lets_a_call_remove_and_schedule_others) {
    queue.schedule(one, at(10));
    queue.schedule(two, at(10));
    one.then = [this] {
        queue.remove(two);
        queue.schedule(three, at(15));
        queue.schedule(one, at(50));
    };
    queue.run(at(20));
    EXPECT_EQ(log, (std::vector<int>{1, 3}));
    EXPECT_EQ(queue.earliest(), at(50));
}

}  // namespace
}  // namespace onhand::socketio
