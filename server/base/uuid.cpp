#include "base/uuid.hpp"

#include <cstring>
#include <random>
#include <utility>

#include "base/ensure.hpp"

namespace onhand {

namespace {

constexpr std::uint16_t counter_max = 0x0FFF;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool dash_at(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

void append_uuid(std::string& out, const Uuid& id) {
    static constexpr char digits[] = "0123456789abcdef";
    char text[36];
    std::size_t at = 0;
    for (const auto byte : id.bytes) {
        if (dash_at(at)) text[at++] = '-';
        text[at++] = digits[byte >> 4];
        text[at++] = digits[byte & 15];
    }
    out.append(text, sizeof text);
}

std::string to_string(const Uuid& id) {
    std::string out;
    append_uuid(out, id);
    return out;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid id;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (dash_at(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) return std::nullopt;
        auto& byte = id.bytes[nibble / 2];
        byte = static_cast<std::uint8_t>(nibble % 2 == 0 ? value << 4 : byte | value);
        ++nibble;
    }
    const bool version_7 = (id.bytes[6] >> 4) == 7;
    const bool variant_ok = (id.bytes[8] >> 6) == 2;
    if (!version_7 || !variant_ok) return std::nullopt;
    return id;
}

UuidGenerator::UuidGenerator(std::function<std::uint64_t()> random) : random_(std::move(random)) {
    ensure(static_cast<bool>(random_), "a UUID generator has a source of randomness");
}

Uuid UuidGenerator::next(UnixMillis now_ms) {
    const auto now = static_cast<std::uint64_t>(now_ms < 0 ? 0 : now_ms);
    if (now > last_ms_) {
        last_ms_ = now;
        counter_ = 0;
    } else if (counter_ < counter_max) {
        ++counter_;
    } else {
        // The counter is used up: borrow the next millisecond, so that ids go on rising.
        ++last_ms_;
        counter_ = 0;
    }
    const std::uint64_t random = random_();
    Uuid id;
    for (int i = 0; i < 6; ++i)
        id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | counter_ >> 8);
    id.bytes[7] = static_cast<std::uint8_t>(counter_);
    std::memcpy(&id.bytes[8], &random, sizeof random);
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

void UuidGenerator::raise_floor(const Uuid& last) {
    std::uint64_t ms = 0;
    for (int i = 0; i < 6; ++i) ms = ms << 8 | last.bytes[static_cast<std::size_t>(i)];
    const auto counter = static_cast<std::uint16_t>((last.bytes[6] & 0x0F) << 8 | last.bytes[7]);
    if (ms > last_ms_ || (ms == last_ms_ && counter > counter_)) {
        last_ms_ = ms;
        counter_ = counter;
    }
}

std::function<std::uint64_t()> seeded_random() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

}  // namespace onhand

std::size_t std::hash<onhand::Uuid>::operator()(const onhand::Uuid& id) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    std::memcpy(&low, id.bytes.data() + 8, 8);
    return static_cast<std::size_t>((high ^ (low * 0x9E3779B97F4A7C15ULL)) * 0xBF58476D1CE4E5B9ULL);
}
