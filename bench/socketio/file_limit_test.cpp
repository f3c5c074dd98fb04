#include "socketio/file_limit.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

namespace onhand::bench::socketio {
namespace {

rlimit file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit;
}

TEST(FileLimit, is_raised_to_the_hard_limit) {
    auto lowered = file_limit();
    lowered.rlim_cur = lowered.rlim_max - 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
    EXPECT_EQ(raise_file_limit(lowered.rlim_max), std::nullopt);
    EXPECT_EQ(file_limit().rlim_cur, lowered.rlim_max);
}

TEST(FileLimit, that_is_too_low_is_told) {
    const auto most = file_limit().rlim_max;
    if (most == RLIM_INFINITY) GTEST_SKIP() << "this machine has no limit";
    const auto problem = raise_file_limit(most + 1);
    ASSERT_TRUE(problem);
    EXPECT_EQ(*problem, std::to_string(most + 1) + " open files are needed and " + std::to_string(most) +
                            " are allowed (ulimit -Hn)");
}

}  // namespace
}  // namespace onhand::bench::socketio
