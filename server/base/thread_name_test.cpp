#include "base/thread_name.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <string>
#include <thread>

namespace onhand {

TEST(ThreadName, is_what_the_system_shows_of_the_calling_thread_alone) {
    const auto shown = [] {
        std::array<char, 16> name{};
        ::pthread_getname_np(::pthread_self(), name.data(), name.size());
        return std::string(name.data());
    };
    const auto before = shown();
    std::string named;
    std::thread([&] {
        name_thread("fifteen letters");
        named = shown();
    }).join();
    EXPECT_EQ(named, "fifteen letters");
    EXPECT_EQ(shown(), before);
}

}  // namespace onhand
