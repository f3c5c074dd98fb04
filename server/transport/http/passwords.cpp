#include "transport/http/passwords.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/text.hpp"

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

std::string hash_password(std::string_view password) {
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), password_passes, password_memory_bytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        throw std::bad_alloc();
    }
    return std::string(text.data());
}

bool verify_password(std::string_view hash, std::string_view password) {
    // libsodium reads at most crypto_pwhash_STRBYTES of a text that must end with a zero byte.
    const std::string text(hash);
    if (text.size() >= crypto_pwhash_STRBYTES) return false;
    return crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
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
