#include "transport/http/argon2id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace onhand::http {
namespace {

using Digest = std::array<std::uint8_t, 32>;

Digest digest_of(Argon2idMemory& memory, std::string_view password, std::string_view salt,
                 const Argon2idCost& cost = {}) {
    Digest digest{};
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(salt.data()), salt.size());
    EXPECT_TRUE(argon2id(memory, digest, password, bytes, cost));
    return digest;
}

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const auto byte : bytes) {
        for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
    }
    return text;
}

// How many areas of memory this process has mapped that hold 19 MiB or more.
int large_areas() {
    std::ifstream maps("/proc/self/maps");
    int found = 0;
    for (std::string line; std::getline(maps, line);) {
        std::size_t end_of_first = 0;
        const auto begin = std::stoull(line, &end_of_first, 16);
        const auto end = std::stoull(line.substr(end_of_first + 1), nullptr, 16);
        if (end - begin >= 19456ULL * 1024) ++found;
    }
    return found;
}

// From the test suite of the reference implementation (test.c, version 0x13, argon2id).
TEST(Argon2id, agrees_with_the_reference) {
    Argon2idMemory memory;
    EXPECT_EQ(hex(digest_of(memory, "password", "somesalt", {256, 2})),
              "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
    EXPECT_NE(digest_of(memory, "password", "diffsalt", {256, 2}), digest_of(memory, "password", "somesalt", {256, 2}));
}

TEST(Argon2id, leaves_no_trace_in_its_memory) {
    Argon2idMemory memory;
    digest_of(memory, "a password of which nothing may stay", "0123456789abcdef");
    const auto bytes = memory.bytes();
    ASSERT_EQ(bytes.size(), 19456U * 1024);
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), static_cast<std::ptrdiff_t>(bytes.size()));
}

TEST(Argon2id, maps_nothing_for_a_hash) {
    Argon2idMemory memory;
    // The first hash and the first count may map what they need besides; AddressSanitizer cuts its own areas for that.
    digest_of(memory, "password", "0123456789abcdef");
    ASSERT_GT(large_areas(), 0);
    const int areas = large_areas();
    digest_of(memory, "password", "0123456789abcdef");
    EXPECT_EQ(large_areas(), areas);
}

TEST(Argon2id, refuses_costs_beyond_its_bounds) {
    Argon2idMemory memory;
    Digest digest{};
    const std::array<std::uint8_t, 16> salt{};
    for (const Argon2idCost cost : {Argon2idCost{argon2id_kibibytes_max + 1, 2}, Argon2idCost{19456, 0},
                                    Argon2idCost{19456, argon2id_passes_max + 1}, Argon2idCost{7, 2}})
        EXPECT_FALSE(argon2id(memory, digest, "password", salt, cost)) << cost.kibibytes << " " << cost.passes;
    EXPECT_EQ(digest, Digest{});
    EXPECT_TRUE(argon2id(memory, digest, "password", salt, {8, argon2id_passes_max}));
}

TEST(Argon2id, threads_hash_at_once_each_in_memory_of_its_own) {
    const Argon2idCost cheap{64, 1};
    const std::string salt = "0123456789abcdef";
    Argon2idMemory first;
    const auto right = digest_of(first, "password", salt, cheap);
    std::vector<Digest> found(4);
    std::vector<std::thread> threads;
    for (auto& digest : found)
        threads.emplace_back([&] {
            Argon2idMemory memory;
            for (int i = 0; i < 50; ++i) digest = digest_of(memory, "password", salt, cheap);
        });
    for (auto& thread : threads) thread.join();
    for (const auto& digest : found) EXPECT_EQ(digest, right);
}

}  // namespace
}  // namespace onhand::http
