#include "engine/account_book.hpp"

#include <gtest/gtest.h>

namespace onhand::engine {
namespace {

constexpr UnixMillis now = 1'800'000'000'000;

domain::Account account(std::int64_t id, domain::Role role = domain::Role::clerk) {
    domain::Account made;
    made.id = domain::AccountId{id};
    made.uuid.bytes[15] = static_cast<std::uint8_t>(id);
    made.email = "user" + std::to_string(id) + "@example.org";
    made.role = role;
    return made;
}

domain::Session session(std::uint8_t token, std::int64_t of) {
    domain::Session made;
    made.token_hash.fill(token);
    made.account = domain::AccountId{of};
    made.created_at = made.seen_at = now;
    made.expires_at = now + session_absolute_ms;
    return made;
}

domain::TokenHash hash(std::uint8_t token) {
    domain::TokenHash made{};
    made.fill(token);
    return made;
}

struct AccountBookTest : testing::Test {
    AccountBookTest() {
        book.put_account(account(1, domain::Role::admin));
        book.put_account(account(2));
        book.put_session(session(7, 2));
    }
    AccountBook book;
};

TEST_F(AccountBookTest, knows_who_is_behind_a_session) {
    const auto identity = book.find_session(hash(7), now);
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->account, domain::AccountId{2});
    EXPECT_EQ(identity->role, domain::Role::clerk);
    EXPECT_FALSE(book.find_session(hash(8), now));
}

TEST_F(AccountBookTest, ends_sessions_by_absolute_and_idle_time) {
    EXPECT_FALSE(book.find_session(hash(7), now + session_idle_ms));
    domain::Changes touched;
    auto seen = session(7, 2);
    seen.seen_at = now + session_absolute_ms - 1000;
    touched.sessions.push_back({seen, false});
    book.apply(touched);
    EXPECT_TRUE(book.find_session(hash(7), now + session_idle_ms));
    EXPECT_FALSE(book.find_session(hash(7), now + session_absolute_ms));
}

TEST_F(AccountBookTest, follows_role_changes_and_raises_the_epoch) {
    const auto before = book.epoch();
    domain::Changes changes;
    changes.accounts.push_back(account(2, domain::Role::manager));
    book.apply(changes);
    EXPECT_EQ(book.find_session(hash(7), now)->role, domain::Role::manager);
    EXPECT_GT(book.epoch(), before);
}

TEST_F(AccountBookTest, forgets_ended_sessions_and_disabled_accounts) {
    domain::Changes ended;
    ended.sessions.push_back({session(7, 2), true});
    book.apply(ended);
    EXPECT_FALSE(book.find_session(hash(7), now));
    book.put_session(session(9, 2));
    auto disabled = account(2);
    disabled.disabled = true;
    domain::Changes changes;
    changes.accounts.push_back(disabled);
    book.apply(changes);
    EXPECT_FALSE(book.find_session(hash(9), now));
}

TEST_F(AccountBookTest, ends_all_sessions_of_an_account) {
    book.put_session(session(8, 2));
    book.put_session(session(9, 1));
    domain::Changes changes;
    changes.sessions_ended_of.push_back(domain::AccountId{2});
    book.apply(changes);
    EXPECT_FALSE(book.find_session(hash(7), now));
    EXPECT_FALSE(book.find_session(hash(8), now));
    EXPECT_TRUE(book.find_session(hash(9), now));
}

TEST_F(AccountBookTest, finds_accounts_by_email_and_ids) {
    EXPECT_EQ(book.by_email("user1@example.org")->id, domain::AccountId{1});
    EXPECT_FALSE(book.by_email("nobody@example.org"));
    EXPECT_EQ(book.by_uuid(account(2).uuid)->id, domain::AccountId{2});
    EXPECT_EQ(book.uuid_of(domain::AccountId{2}), account(2).uuid);
    EXPECT_TRUE(book.uuid_of(domain::AccountId{0}).is_nil());
    EXPECT_EQ(book.accounts().size(), 2u);
    EXPECT_FALSE(book.empty());
}

}  // namespace
}  // namespace onhand::engine
