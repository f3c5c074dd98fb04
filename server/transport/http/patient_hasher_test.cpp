#include "transport/http/patient_hasher.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace onhand::http {
namespace {

using Digest = std::array<std::uint8_t, 32>;

constexpr Argon2idCost cheap{64, 1};
constexpr std::array<std::uint8_t, 16> salt{1, 2, 3};
constexpr std::chrono::hours forever{24};
constexpr std::chrono::milliseconds none{0};

Digest digest_of(PatientHasher& hasher, const std::string& password, const Argon2idCost& cost = cheap) {
    Digest digest{};
    EXPECT_TRUE(hasher.hash(digest, password, salt, cost));
    return digest;
}

Digest right_digest_of(const std::string& password) {
    Argon2idMemory memory;
    Digest digest{};
    EXPECT_TRUE(argon2id(memory, digest, password, salt, cheap));
    return digest;
}

TEST(PatientHasher, leaves_hashes_to_its_thread) {
    PatientHasher hasher(forever);
    for (int i = 0; i < 5; ++i) {
        const auto password = "password " + std::to_string(i);
        EXPECT_EQ(digest_of(hasher, password), right_digest_of(password));
    }
    EXPECT_EQ(hasher.made_by_callers(), 0u);
}

TEST(PatientHasher, makes_them_on_the_callers_thread_when_its_own_does_not_come_to_it) {
    PatientHasher hasher(none);
    // The thread takes far longer for this one than the callers for all the others.
    const Argon2idCost dear{argon2id_kibibytes_max, argon2id_passes_max};
    const auto slow = digest_of(hasher, "slow", dear);
    for (int i = 0; i < 20; ++i) {
        const auto password = "password " + std::to_string(i);
        EXPECT_EQ(digest_of(hasher, password), right_digest_of(password));
    }
    EXPECT_GE(hasher.made_by_callers(), 1u);
    EXPECT_EQ(digest_of(hasher, "slow", dear), slow);
}

TEST(PatientHasher, gives_each_caller_its_own_hash_whoever_made_it) {
    PatientHasher hasher(none);
    std::vector<std::thread> threads;
    for (int caller = 0; caller < 4; ++caller)
        threads.emplace_back([&hasher, caller] {
            const auto password = "password " + std::to_string(caller);
            const auto right = right_digest_of(password);
            for (int i = 0; i < 100; ++i) EXPECT_EQ(digest_of(hasher, password), right);
        });
    for (auto& thread : threads) thread.join();
}

TEST(PatientHasher, refuses_costs_that_argon2id_refuses) {
    for (const auto patience : {std::chrono::milliseconds(forever), none}) {
        PatientHasher hasher(patience);
        digest_of(hasher, "password");
        Digest digest{};
        EXPECT_FALSE(hasher.hash(digest, "password", salt, {argon2id_kibibytes_max + 1, 2}));
        EXPECT_EQ(digest, Digest{});
        EXPECT_TRUE(hasher.hash(digest, "password", salt, cheap));
    }
}

}  // namespace
}  // namespace onhand::http
