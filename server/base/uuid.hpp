#pragma once
// UUIDs of version 7 (RFC 9562 section 5.7): the ids of orders, accounts and requests. Made in rising order, so that
// rows keyed by them are appended. Uuid is a plain value; UuidGenerator belongs to one thread.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace onhand {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const Uuid&) const = default;
    // The all-zero value stands for "none"; the generator never makes it.
    bool is_nil() const { return *this == Uuid{}; }
};

// "0192f0c1-…": 36 characters, lower case.
std::string to_string(const Uuid& id);
void append_uuid(std::string& out, const Uuid& id);

// Parses the 36-character form (either case) of a version 7 id; anything else, other versions included, is nullopt.
std::optional<Uuid> parse_uuid(std::string_view text);

// Makes ids that rise strictly, also within one millisecond and when the clock goes back.
class UuidGenerator {
  public:
    // `random` gives 64 uniformly random bits a call; it is called once per id.
    explicit UuidGenerator(std::function<std::uint64_t()> random);
    // The next id, greater than every one before.
    Uuid next(UnixMillis now_ms);
    // From now on ids are greater than `last`; called at start with the last stored id.
    void raise_floor(const Uuid& last);

  private:
    std::function<std::uint64_t()> random_;
    std::uint64_t last_ms_ = 0;
    std::uint16_t counter_ = 0;  // rand_a, 12 bits: RFC 9562 section 6.2, method 1
};

// std::random_device behind a mt19937_64: good ids, not secrets.
std::function<std::uint64_t()> seeded_random();

}  // namespace onhand

template <>
struct std::hash<onhand::Uuid> {
    std::size_t operator()(const onhand::Uuid& id) const noexcept;
};
