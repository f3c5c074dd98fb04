#include "transport/http/auth.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <set>
#include <utility>
#include <vector>

#include "transport/http/login_limiter.hpp"
#include "transport/http/passwords.hpp"

namespace onhand::http {
namespace {

TEST(Token, is_long_random_and_safe_in_headers) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto token = make_token();
        EXPECT_EQ(token.size(), 43U);
        EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
                  std::string::npos);
        EXPECT_TRUE(seen.insert(token).second);
    }
    EXPECT_NE(hash_token("a"), hash_token("b"));
}

TEST(Cookie, has_exactly_the_attributes_of_the_contract) {
    Options options;
    EXPECT_EQ(session_cookie(options, "T", 60), "onhand_session=T; Max-Age=60; Path=/; HttpOnly; SameSite=Strict");
    EXPECT_EQ(ended_cookie(options), "onhand_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
    options.behind_tls = true;
    EXPECT_EQ(session_cookie(options, "T", 60),
              "__Host-onhand_session=T; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure");
}

TEST(Cookie, is_read_by_its_whole_name) {
    Options options;
    const auto token_in = [&options](std::string_view cookie) {
        return std::string(find_credential(std::string_view(), cookie, options).token);
    };
    EXPECT_EQ(token_in("onhand_session=T"), "T");
    EXPECT_EQ(token_in("a=b; onhand_session=T;c=d"), "T");
    EXPECT_EQ(token_in("xonhand_session=T"), "");
    EXPECT_EQ(token_in("onhand_sessionx=T"), "");
    EXPECT_EQ(token_in("__Host-onhand_session=T"), "") << "another name";
    options.behind_tls = true;
    EXPECT_EQ(token_in("onhand_session=T"), "") << "without the prefix anybody on the domain may have set it";
    EXPECT_EQ(token_in("__Host-onhand_session=T"), "T");
}

TEST(Origin, must_match_exactly) {
    Options options;
    options.origins = {"https://stock.example.com"};
    EXPECT_TRUE(is_own_origin("http://localhost:3000", "localhost:3000", options));
    EXPECT_TRUE(is_own_origin("https://stock.example.com", "backend:3000", options));
    for (const auto* origin : {"https://stock.example.com.evil", "https://evil.stock.example.com",
                               "http://stock.example.com", "https://stock.example.com:444", "null", "", "localhost"})
        EXPECT_FALSE(is_own_origin(origin, "localhost:3000", options)) << origin;
    options.behind_tls = true;
    EXPECT_TRUE(is_own_origin("https://localhost:3000", "localhost:3000", options));
    EXPECT_FALSE(is_own_origin("http://localhost:3000", "localhost:3000", options));
}

TEST(Password, rules_for_new_ones) {
    const auto good = [](const std::string& password) { return !password_fault(password, "ann@example.com"); };
    EXPECT_FALSE(good("1234567"));
    EXPECT_FALSE(good("a1!bcde"));
    EXPECT_TRUE(good("a1!bcdef"));
    EXPECT_TRUE(good(std::string(64, 'x') + "y"));
    EXPECT_TRUE(good(std::string(1024, 'x')));
    EXPECT_FALSE(good(std::string(1025, 'x')));
    EXPECT_TRUE(good("  spaces stay  "));
    EXPECT_TRUE(good(std::string("nul\0inside", 10)));
    EXPECT_TRUE(good("\xf0\x9f\x94\x91\xf0\x9f\x94\x91"));
    EXPECT_FALSE(good("PassWord1"));
    EXPECT_FALSE(good("Ann@Example.com"));
}

TEST(Password, hash_says_argon2id_at_the_floor_or_above_and_nothing_is_cut_off) {
    const std::string password = std::string(1023, 'x') + "a";
    const auto hash = hash_password(password);
    EXPECT_EQ(hash.rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0U) << hash;
    EXPECT_TRUE(verify_password(hash, password));
    EXPECT_FALSE(verify_password(hash, std::string(1023, 'x') + "b"));
    EXPECT_FALSE(verify_password(hash, std::string(1023, 'x')));
    EXPECT_NE(hash, hash_password(password)) << "every hash has its own salt";
    const std::string with_nul("abcdefgh\0i", 10);
    EXPECT_FALSE(verify_password(hash_password(with_nul), "abcdefgh"));
}

// Made by the library that hashed passwords before this one did (libsodium 1.0.18): whoever registered then signs in.
TEST(Password, hashes_made_by_libsodium_are_verified) {
    const std::pair<std::string, std::string> stored[] = {
        {"correct horse battery staple",
         "$argon2id$v=19$m=19456,t=2,p=1$N7l+9rqYxPdovL9zo3HtZw"
         "$v1DHH1/KawPR0hDiR5jUPPgKzZD/Bo4y7PznWpPtbbQ"},
        {std::string("nul\0inside and \xf0\x9f\x94\x91", 19),
         "$argon2id$v=19$m=19456,t=2,p=1$fvr6oZ+lGBG+WxkVy0v6ew"
         "$OIqqFlB0uBhga6YviztHRvazm6xFH7Fq9K0/4Zd/0AE"},
        {std::string(1024, 'x'),
         "$argon2id$v=19$m=19456,t=2,p=1$WX4frsbsrETQJKKBD2Dltg"
         "$vcCoMv73jCpvHLfUgvJShRtWKCKCbw46ZmWD98NIRFA"},
    };
    for (const auto& [password, hash] : stored) {
        EXPECT_TRUE(verify_password(hash, password));
        EXPECT_FALSE(verify_password(hash, password + "x"));
        EXPECT_FALSE(verify_password(hash, password.substr(1)));
    }
}

TEST(Password, libsodium_verifies_new_hashes) {
    const std::string password = "correct horse battery staple";
    EXPECT_EQ(crypto_pwhash_str_verify(hash_password(password).c_str(), password.data(), password.size()), 0);
}

TEST(Password, a_broken_hash_fits_nothing) {
    const std::string salt = "N7l+9rqYxPdovL9zo3HtZw";
    const std::string digest = "v1DHH1/KawPR0hDiR5jUPPgKzZD/Bo4y7PznWpPtbbQ";
    const std::string cost = "$argon2id$v=19$m=19456,t=2,p=1$";
    const std::string rest = salt + "$" + digest;
    const auto fits = [](const std::string& hash) { return verify_password(hash, "correct horse battery staple"); };
    ASSERT_TRUE(fits(cost + rest));
    const std::vector<std::string> broken{"",
                                          "plain",
                                          "$argon2id$",
                                          std::string(500, 'a'),
                                          "$argon2i$v=19$m=19456,t=2,p=1$" + rest,
                                          "$argon2id$v=16$m=19456,t=2,p=1$" + rest,
                                          "$argon2id$v=19$m=19456,t=2,p=2$" + rest,
                                          "$argon2id$v=19$m=19457,t=2,p=1$" + rest,
                                          "$argon2id$v=19$m=19456,t=99999999999,p=1$" + rest,
                                          "$argon2id$v=19$m=-1,t=2,p=1$" + rest,
                                          "$argon2id$v=19$m=,t=2,p=1$" + rest,
                                          cost + "!!$!!",
                                          cost + salt,
                                          cost + salt + "$",
                                          cost + salt.substr(4) + "$" + digest,
                                          cost + rest.substr(0, rest.size() - 4),
                                          cost + rest + "$",
                                          cost + rest + "AAAA"};
    for (const auto& hash : broken) EXPECT_FALSE(fits(hash)) << hash;
    verify_nothing("password");
}

TEST(LoginLimiter, stops_guessing_at_one_account) {
    LoginLimiter limiter;
    const UnixMillis now = 1'800'000'000'000;
    for (std::uint32_t i = 0; i < LoginLimiter::account_failures_max; ++i) {
        ASSERT_EQ(limiter.wait_s("a@x", "10.0.0." + std::to_string(i), now), 0) << i;
        limiter.begin("a@x", "10.0.0." + std::to_string(i), now);
    }
    EXPECT_EQ(limiter.wait_s("a@x", "10.9.9.9", now), 3600);
    EXPECT_EQ(limiter.wait_s("b@x", "10.9.9.9", now), 0);
    EXPECT_EQ(limiter.wait_s("a@x", "10.9.9.9", now + LoginLimiter::window_ms), 0);
}

TEST(LoginLimiter, lets_the_owner_in_during_an_attack) {
    LoginLimiter limiter;
    const UnixMillis now = 1'800'000'000'000;
    limiter.begin("a@x", "10.1.1.1", now);
    limiter.succeeded("a@x", "10.1.1.1", now);
    for (std::uint32_t i = 0; i < LoginLimiter::account_failures_max; ++i) limiter.begin("a@x", "10.0.0.1", now);
    EXPECT_GT(limiter.wait_s("a@x", "10.0.0.1", now), 0);
    EXPECT_EQ(limiter.wait_s("a@x", "10.1.1.1", now), 0);
}

TEST(LoginLimiter, a_known_address_may_not_guess_for_ever) {
    LoginLimiter limiter;
    const UnixMillis now = 1'800'000'000'000;
    limiter.succeeded("a@x", "10.1.1.1", now);
    std::uint32_t tries = 0;
    while (limiter.wait_s("a@x", "10.1.1.1", now) == 0 && tries < 1000) {
        limiter.begin("a@x", "10.1.1.1", now);
        ++tries;
    }
    EXPECT_LE(tries, 2 * LoginLimiter::account_failures_max);
}

TEST(LoginLimiter, stops_one_address_at_many_accounts) {
    LoginLimiter limiter;
    const UnixMillis now = 1'800'000'000'000;
    for (std::uint32_t i = 0; i < LoginLimiter::address_failures_max; ++i)
        limiter.begin(std::to_string(i) + "@x", "10.0.0.1", now);
    EXPECT_GT(limiter.wait_s("new@x", "10.0.0.1", now), 0);
    EXPECT_EQ(limiter.wait_s("new@x", "10.0.0.2", now), 0);
}

TEST(LoginLimiter, bounds_registrations) {
    LoginLimiter limiter;
    const UnixMillis now = 1'800'000'000'000;
    for (std::uint32_t i = 0; i < LoginLimiter::registrations_max; ++i)
        ASSERT_EQ(limiter.register_wait_s("10.0.0.1", now), 0);
    EXPECT_GT(limiter.register_wait_s("10.0.0.1", now), 0);
    EXPECT_EQ(limiter.register_wait_s("10.0.0.2", now), 0);
}

}  // namespace
}  // namespace onhand::http
