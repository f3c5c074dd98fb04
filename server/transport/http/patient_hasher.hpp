#pragma once
// Argon2id where nobody else wants the processor, and within a bounded time where somebody always does. Used by
// passwords.cpp. Thread-safe: callers wait for each other. Does not know passwords from other bytes; keeps a copy of
// one until its thread is done with it, at most, and wipes it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "transport/http/argon2id.hpp"

namespace onhand::http {

class PatientHasher {
  public:
    // Maps memory for two hashes and starts a thread that yields to all others (base/urgency.hpp). Callers give it
    // `patience` for a hash before they make the hash themselves. Throws std::bad_alloc or std::system_error.
    explicit PatientHasher(std::chrono::milliseconds patience);
    // Waits for the thread, which may be making a hash.
    ~PatientHasher();
    PatientHasher(const PatientHasher&) = delete;
    PatientHasher& operator=(const PatientHasher&) = delete;

    // As argon2id(). A caller that finds the thread still at a hash that was waited for in vain does not wait at all.
    bool hash(std::span<std::uint8_t> out, std::string_view password, std::span<const std::uint8_t> salt,
              const Argon2idCost& cost);

    // For tests: how many hashes callers made themselves.
    std::uint64_t made_by_callers() const;

  private:
    struct Impl;
    const std::unique_ptr<Impl> impl_;
};

}  // namespace onhand::http
