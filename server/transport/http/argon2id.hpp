#pragma once
// The password hash argon2id of libargon2, one lane, in 19 MiB of memory that stay mapped. Called by passwords.cpp, on
// the hashing pool or a command's only thread; callers from several threads wait for each other, as there is one
// memory. Does not know the text form of a hash, and compares nothing. Why not libsodium's: docs/decisions/014.

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

// Maps the memory, once; argon2id() does it too. Throws std::bad_alloc when it is not there.
void reserve_argon2id_memory();

// Fills `out` (4 bytes or more) with the hash of `password` (at most 4 GiB) and `salt` (8 bytes or more). False when
// the cost is above the bounds here or below those of argon2id. The memory is zero again afterwards.
bool argon2id(std::span<std::uint8_t> out, std::string_view password, std::span<const std::uint8_t> salt,
              const Argon2idCost& cost);

// For tests: the memory that the last hash was made in.
std::span<const std::uint8_t> argon2id_memory();

}  // namespace onhand::http
