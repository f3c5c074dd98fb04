#include "transport/http/passwords.hpp"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "transport/http/patient_hasher.hpp"

namespace onhand::http {
namespace {

// table: the passwords that guessing begins with, of eight bytes or more (shorter ones are refused anyway), sorted
constexpr std::string_view common_passwords[] = {
    "0123456789",    "0987654321", "11111111",    "111111111",   "1111111111",   "11223344",     "112233445566",
    "12121212",      "123123123",  "1234512345",  "12341234",    "123456123456", "12345678",     "123456789",
    "1234567890",    "1234567891", "12345678910", "123456789a",  "12345678a",    "12345679",     "1234qwer",
    "123698745",     "123qweasd",  "147258369",   "1q2w3e4r",    "1q2w3e4r5t",   "1qaz2wsx",     "1qazxsw2",
    "22222222",      "31415926",   "55555555",    "66666666",    "77777777",     "789456123",    "87654321",
    "88888888",      "963852741",  "98765432",    "987654321",   "9876543210",   "99999999",     "a1b2c3d4",
    "aa123456",      "aaaaaaaa",   "abc12345",    "abcd1234",    "abcdefgh",     "access14",     "admin123",
    "administrator", "adminadmin", "asdasdasd",   "asdf1234",    "asdfasdf",     "asdfghjk",     "asdfghjkl",
    "babygirl",      "baseball",   "basketball",  "blink182",    "butterfly",    "changeme",     "changeme123",
    "charlie1",      "chocolate",  "computer",    "corvette",    "dragon123",    "einstein",     "electric",
    "football",      "football1",  "freedom1",    "garfield",    "hello123",     "hellohello",   "iloveyou",
    "iloveyou1",     "internet",   "inventory",   "jennifer",    "jordan23",     "letmein1",     "letmein123",
    "liverpool",     "loveyou1",   "master123",   "maverick",    "mercedes",     "michelle",     "midnight",
    "monkey123",     "mustang1",   "p@ssw0rd",    "pa55word",    "pass1234",     "passw0rd",     "password",
    "password!",     "password1",  "password1!",  "password12",  "password123",  "password1234", "passwords",
    "pokemon123",    "princess",   "princess1",   "q1w2e3r4",    "q1w2e3r4t5",   "qazwsxedc",    "qwer1234",
    "qwerty12",      "qwerty123",  "qwerty1234",  "qwerty12345", "qwertyui",     "qwertyuiop",   "samantha",
    "starwars",      "stockroom",  "sunshine",    "sunshine1",   "superman",     "superman1",    "tennessee",
    "test1234",      "testtest",   "thunder1",    "trustno1",    "victoria",     "warehouse",    "welcome1",
    "welcome123",    "whatever",   "william1",    "zaq12wsx",    "zxcvbnm1",     "zxcvbnm123",
};

constexpr std::size_t digest_bytes = 32;

// How long somebody who signs in waits for processors that others keep busy, before their hash takes its share of them.
constexpr std::chrono::milliseconds patience{300};

constexpr std::string_view hash_prefix = "$argon2id$v=19$m=";

// Never destroyed: a process that ends would wait for a hash that nobody waits for.
PatientHasher& hasher() {
    static PatientHasher& hasher = *new PatientHasher(patience);
    return hasher;
}

// What the text of a hash says.
struct StoredHash {
    Argon2idCost cost;
    std::array<std::uint8_t, argon2id_salt_bytes> salt{};
    std::array<std::uint8_t, digest_bytes> digest{};
};

std::string to_base64(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    text.pop_back();  // the zero byte
    return text;
}

// True when `text` is base64 for exactly as many bytes as `out` has.
bool from_base64(std::string_view text, std::span<std::uint8_t> out) {
    std::size_t size = 0;
    const int failed = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    return failed == 0 && size == out.size();
}

// Takes `prefix` off the front of `rest`; false when it is not there.
bool take(std::string_view& rest, std::string_view prefix) {
    if (!rest.starts_with(prefix)) return false;
    rest.remove_prefix(prefix.size());
    return true;
}

bool take_number(std::string_view& rest, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{}) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
}

std::optional<StoredHash> read_hash(std::string_view text) {
    StoredHash stored;
    const bool has_cost = take(text, hash_prefix) && take_number(text, stored.cost.kibibytes) && take(text, ",t=") &&
                          take_number(text, stored.cost.passes) && take(text, ",p=1$");
    const auto salt_end = text.find('$');
    if (!has_cost || salt_end == std::string_view::npos) return std::nullopt;
    if (!from_base64(text.substr(0, salt_end), stored.salt)) return std::nullopt;
    if (!from_base64(text.substr(salt_end + 1), stored.digest)) return std::nullopt;
    return stored;
}

}  // namespace

std::optional<std::string> password_fault(std::string_view password, std::string_view email) {
    if (password.size() < password_bytes_min) return "At least 8 characters are needed.";
    if (password.size() > password_bytes_max) return "At most 1024 bytes are possible.";
    const auto folded = fold_case(password);
    if (std::find(std::begin(common_passwords), std::end(common_passwords), folded) != std::end(common_passwords)) {
        return "This password is one of the first that are guessed.";
    }
    if (folded == fold_case(email) || folded == fold_case(email.substr(0, email.find('@')))) {
        return "The password may not be the e-mail address.";
    }
    return std::nullopt;
}

void prepare_hashing() {
    static_cast<void>(hasher());
}

std::string hash_password(std::string_view password) {
    const Argon2idCost cost;
    std::array<std::uint8_t, argon2id_salt_bytes> salt{};
    randombytes_buf(salt.data(), salt.size());
    std::array<std::uint8_t, digest_bytes> digest{};
    ensure(hasher().hash(digest, password, salt, cost), "the cost of new passwords is within bounds");
    return fmt::format("{}{},t={},p=1${}${}", hash_prefix, cost.kibibytes, cost.passes, to_base64(salt),
                       to_base64(digest));
}

bool verify_password(std::string_view hash, std::string_view password) {
    const auto stored = read_hash(hash);
    if (!stored) return false;
    std::array<std::uint8_t, digest_bytes> digest{};
    if (!hasher().hash(digest, password, stored->salt, stored->cost)) return false;
    return sodium_memcmp(digest.data(), stored->digest.data(), digest.size()) == 0;
}

void verify_nothing(std::string_view password) {
    // The hash of a random password that nobody knows, made once.
    static const std::string hash = [] {
        std::array<char, 32> random{};
        randombytes_buf(random.data(), random.size());
        return hash_password(std::string_view(random.data(), random.size()));
    }();
    static_cast<void>(verify_password(hash, password));
}

}  // namespace onhand::http
