#include "transport/socketio/ring_sender.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace onhand::socketio {
namespace {

class Pair {
  public:
    Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0); }
    ~Pair() {
        ::close(ends_[0]);
        if (ends_[1] >= 0) ::close(ends_[1]);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    int sender() const { return ends_[0]; }
    std::string received() const {
        std::array<char, 100> buffer{};
        const auto count = ::recv(ends_[1], buffer.data(), buffer.size(), 0);
        return count < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(count));
    }
    void close_receiver() {
        ::close(ends_[1]);
        ends_[1] = -1;
    }

  private:
    std::array<int, 2> ends_{};
};

class RingSenderTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!ring.available()) GTEST_SKIP() << "io_uring is not allowed here";
    }
    RingSender ring{true};
};

TEST_F(RingSenderTest, sends_to_each_socket_its_bytes) {
    Pair first;
    Pair second;
    for (const char* round : {"one", "two", "three"}) {
        const std::string text = round;
        ring.add(first.sender(), text);
        ring.add(second.sender(), "to the second");
        const auto results = ring.submit();
        ASSERT_EQ(results.size(), 2U);
        EXPECT_EQ(results[0], static_cast<int>(text.size()));
        EXPECT_EQ(results[1], 13);
        EXPECT_EQ(first.received(), text);
        EXPECT_EQ(second.received(), "to the second");
    }
}

TEST_F(RingSenderTest, takes_a_whole_batch_at_once) {
    Pair pair;
    for (unsigned i = 0; i < RingSender::batch_max; ++i) {
        EXPECT_FALSE(ring.full());
        ring.add(pair.sender(), "x");
    }
    EXPECT_TRUE(ring.full());
    const auto results = ring.submit();
    ASSERT_EQ(results.size(), RingSender::batch_max);
    for (const int result : results) EXPECT_EQ(result, 1);
    EXPECT_FALSE(ring.full());
}

TEST_F(RingSenderTest, tells_errors_of_one_socket_beside_the_success_of_another) {
    Pair gone;
    Pair full;
    Pair good;
    gone.close_receiver();
    while (::send(full.sender(), "xxxxxxxx", 8, MSG_NOSIGNAL) > 0) {
    }
    ring.add(gone.sender(), "a");
    ring.add(full.sender(), "b");
    ring.add(good.sender(), "c");
    ring.add(-1, "d");
    const auto results = ring.submit();
    EXPECT_EQ(results[0], -EPIPE);
    EXPECT_EQ(results[1], -EAGAIN);
    EXPECT_EQ(results[2], 1);
    EXPECT_EQ(results[3], -EBADF);
    EXPECT_TRUE(ring.available());
}

TEST(RingSender, can_be_switched_off) {
    EXPECT_FALSE(RingSender(false).available());
}

}  // namespace
}  // namespace onhand::socketio
