#pragma once
// The password hash argon2id of libargon2, one lane, in 19 MiB of memory that stay mapped. Called by
// patient_hasher.cpp. Does not know the text form of a hash, and compares nothing. Why not libsodium's:
// docs/decisions/014.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace onhand::http {

struct Argon2idCost {
    std::uint32_t kibibytes = 19456;
    std::uint32_t passes = 2;
};

inline constexpr std::uint32_t argon2id_kibibytes_max = 19456;
inline constexpr std::uint32_t argon2id_passes_max = 16;
inline constexpr std::size_t argon2id_salt_bytes = 16;

// The memory of one hash at a time. Resident from the first hash on, left out of core dumps.
class Argon2idMemory {
  public:
    // Throws std::bad_alloc.
    Argon2idMemory();
    ~Argon2idMemory();
    Argon2idMemory(const Argon2idMemory&) = delete;
    Argon2idMemory& operator=(const Argon2idMemory&) = delete;

    std::span<std::uint8_t> bytes() const { return bytes_; }

  private:
    void* mapped_;
    std::span<std::uint8_t> bytes_;
};

// Fills `out` (4 bytes or more) with the hash of `password` (at most 4 GiB) and `salt` (8 bytes or more). False when
// the cost is above the bounds here or below those of argon2id. `memory` is zero again afterwards.
bool argon2id(Argon2idMemory& memory, std::span<std::uint8_t> out, std::string_view password,
              std::span<const std::uint8_t> salt, const Argon2idCost& cost);

}  // namespace onhand::http
