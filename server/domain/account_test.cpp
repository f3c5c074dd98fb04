#include "domain/account.hpp"

#include <gtest/gtest.h>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

TokenHash token(std::uint8_t number) {
    TokenHash hash{};
    hash[0] = number;
    return hash;
}

Wish sign_up(std::string_view email, std::uint8_t session = 1, bool open = false) {
    return the(RegisterAccount{.account = {.email = std::string(email), .name = "Name", .password_hash = "hash"},
                               .session = {.token_hash = token(session), .expires_at = 99},
                               .registration_open = open});
}

Wish hire(std::string_view email, Role role) {
    return the(
        CreateAccount{.account = {.email = std::string(email), .name = "Name", .password_hash = "hash", .role = role}});
}

Uuid id_of(const Shop& shop, std::string_view email) {
    for (const auto& [id, account] : shop.book().accounts())
        if (account.email == email) return id;
    return {};
}

Wish change(std::string email, UpdateAccount command) {
    return [email = std::move(email), command = std::move(command)](const Shop& shop) -> Command {
        auto addressed = command;
        addressed.account = id_of(shop, email);
        return addressed;
    };
}

Wish sign_in(std::string email, std::uint8_t session) {
    return [email = std::move(email), session](const Shop& shop) -> Command {
        const auto& account = shop.book().accounts().at(id_of(shop, email));
        return OpenSession{.session = {.token_hash = token(session), .account = account.id, .expires_at = 99}};
    };
}

TEST(Account, the_first_is_admin_and_later_ones_clerks_while_registration_is_open) {
    Shop shop;
    shop.run({
        {sign_up("ann@shop.example"), "session of ann@shop.example admin"},
        {sign_up("ben@shop.example", 2), "registration_closed"},
        {sign_up("ben@shop.example", 2, true), "session of ben@shop.example clerk"},
        {sign_up("ann@shop.example", 3, true), "already_exists /email"},
    });
    EXPECT_EQ(shop.book().sessions().size(), 2U);
    const auto& session = shop.book().sessions().at(token(1));
    EXPECT_EQ(session.account, AccountId{1});
    EXPECT_EQ(session.expires_at, 99);
    EXPECT_EQ(session.created_at, session.seen_at);
}

TEST(Account, two_first_ones_in_a_batch_make_one_admin) {
    Shop shop;
    const auto outcomes =
        shop.decide_batch({sign_up("a@x")(shop), sign_up("b@x", 2)(shop), sign_up("a@x", 3, true)(shop)});
    EXPECT_EQ(said(outcomes[0]), "session of a@x admin");
    EXPECT_EQ(said(outcomes[1]), "registration_closed");
    EXPECT_EQ(said(outcomes[2]), "already_exists /email");
}

TEST(Account, needs_an_address_and_a_name) {
    Shop shop;
    shop.run({
        {sign_up("ann"), "invalid_request /email"},
        {sign_up("Ann@shop.example"), "invalid_request /email"},
        {the(CreateAccount{.account = {.email = "a@x", .name = ""}}), "invalid_request /name"},
        {the(CreateAccount{.account = {.email = "a@x", .name = std::string(129, 'n')}}), "invalid_request /name"},
        {the(CreateAccount{.account = {.email = "a@x", .name = std::string(128, 'n')}}), "account a@x viewer v1"},
    });
}

TEST(Account, is_made_and_changed_by_an_admin) {
    Shop shop;
    shop.run({
        {sign_up("ann@x"), "session of ann@x admin"},
        {hire("ben@x", Role::manager), "account ben@x manager v1"},
        {hire("ben@x", Role::clerk), "already_exists /email"},
        {change("ben@x", {.role = Role::clerk}), "account ben@x clerk v2"},
        {change("ben@x", {.role = Role::clerk}), "account ben@x clerk v2"},  // nothing to change
        {change("ben@x", {.name = "Ben"}), "account ben@x clerk v3"},
        {change("ben@x", {.name = ""}), "invalid_request /name"},
        {change("ben@x", {.disabled = true}), "account ben@x clerk v4 disabled"},
        {change("ben@x", {.disabled = false}), "account ben@x clerk v5"},
        {the(UpdateAccount{.account = Uuid{}}), "not_found"},
    });
}

TEST(Account, the_last_enabled_admin_stays) {
    Shop shop;
    shop.run({
        {sign_up("ann@x"), "session of ann@x admin"},
        {change("ann@x", {.disabled = true}), "invalid_state"},
        {change("ann@x", {.role = Role::manager}), "invalid_state"},
        {hire("ben@x", Role::admin), "account ben@x admin v1"},
        {change("ann@x", {.role = Role::manager}), "account ann@x manager v2"},
        {change("ben@x", {.disabled = true}), "invalid_state"},
        {change("ann@x", {.role = Role::admin}), "account ann@x admin v3"},
        {change("ben@x", {.disabled = true}), "account ben@x admin v2 disabled"},
        {change("ben@x", {.role = Role::clerk}), "account ben@x clerk v3 disabled"},
        {change("ann@x", {.role = Role::clerk}), "invalid_state"},
    });
}

TEST(Account, two_admins_cannot_both_leave_in_one_batch) {
    Shop shop;
    shop.run({{sign_up("ann@x"), "session of ann@x admin"}, {hire("ben@x", Role::admin), "account ben@x admin v1"}});
    const auto outcomes =
        shop.decide_batch({change("ann@x", {.disabled = true})(shop), change("ben@x", {.disabled = true})(shop)});
    EXPECT_EQ(said(outcomes[0]), "account ann@x admin v2 disabled");
    EXPECT_EQ(said(outcomes[1]), "invalid_state");
}

TEST(Session, ends_with_every_change_that_matters) {
    struct {
        const char* what;
        UpdateAccount command;
        std::size_t sessions_left;
    } const cases[] = {
        {"name", {.name = "Other"}, 2},
        {"same role", {.role = Role::clerk}, 2},
        {"role", {.role = Role::manager}, 0},
        {"disabled", {.disabled = true}, 0},
        {"password", {.password_hash = "new"}, 0},
        {"same password again", {.password_hash = "hash"}, 0},
    };
    for (const auto& test : cases) {
        Shop shop;
        shop.decide(sign_up("ann@x")(shop));
        shop.decide(hire("ben@x", Role::clerk)(shop));
        shop.decide(sign_in("ben@x", 7)(shop));
        shop.decide(sign_in("ben@x", 8)(shop));
        ASSERT_EQ(shop.book().sessions().size(), 3U);
        ASSERT_FALSE(refusal(shop.decide(change("ben@x", test.command)(shop)))) << test.what;
        EXPECT_EQ(shop.book().sessions().size(), 1 + test.sessions_left) << test.what;
        EXPECT_TRUE(shop.book().sessions().contains(token(1))) << "the admin stays signed in";
    }
}

TEST(Session, opens_for_enabled_accounts_only) {
    Shop shop;
    shop.run({
        {sign_up("ann@x"), "session of ann@x admin"},
        {hire("ben@x", Role::clerk), "account ben@x clerk v1"},
        {sign_in("ben@x", 5), "session of ben@x clerk"},
        {change("ben@x", {.disabled = true}), "account ben@x clerk v2 disabled"},
        {sign_in("ben@x", 6), "forbidden"},
        {the(OpenSession{.session = {.account = AccountId{77}}}), "not_found"},
    });
}

TEST(Session, is_touched_and_ended) {
    Shop shop;
    shop.run({
        {sign_up("ann@x"), "session of ann@x admin"},
        {the(TouchSession{.token_hash = token(1)}), "done"},
    });
    EXPECT_EQ(shop.book().sessions().at(token(1)).seen_at, shop.now);
    shop.run({
        {the(EndSession{.token_hash = token(1)}), "done"},
        {the(EndSession{.token_hash = token(1)}), "done"},
        {the(TouchSession{.token_hash = token(1)}), "done"},
        {the(EndSession{.token_hash = token(9)}), "done"},
    });
    EXPECT_TRUE(shop.book().sessions().empty());
    EXPECT_TRUE(shop.last_changes().empty());
}

// The store writes new and touched sessions first and then ends those of changed accounts.
TEST(Session, does_not_come_back_in_the_batch_that_ended_it) {
    Shop shop;
    shop.run({{sign_up("ann@x"), "session of ann@x admin"}, {hire("ben@x", Role::clerk), "account ben@x clerk v1"}});
    shop.run({{sign_in("ben@x", 5), "session of ben@x clerk"}});
    const auto outcomes = shop.decide_batch({change("ben@x", {.password_hash = "new"})(shop),
                                             TouchSession{.token_hash = token(5)}, sign_in("ben@x", 6)(shop)});
    EXPECT_EQ(said(outcomes[1]), "done");
    EXPECT_EQ(said(outcomes[2]), "invalid_state");
    EXPECT_EQ(shop.book().sessions().size(), 1U);
    EXPECT_TRUE(shop.last_changes().sessions.empty());
    shop.run({{the(TouchSession{.token_hash = token(5)}), "done"}, {sign_in("ben@x", 6), "session of ben@x clerk"}});
    EXPECT_EQ(shop.book().sessions().size(), 2U);
}

TEST(Email, is_one_at_sign_between_visible_characters) {
    for (const auto* const good : {"a@b", "ann.o'hara+shop@example.com", "\xC3\xA9@x"})
        EXPECT_TRUE(is_email(good)) << good;
    for (const auto* const bad : {"", "@", "a@", "@b", "a", "a@b@c", "a b@c", " a@b", "a@b ", "a@b\n", "a@\x7F",
                                  "a@\xFF", "a\xE2\x80\x8B@b", "a\xC2\xA0@b"})
        EXPECT_FALSE(is_email(bad)) << bad;
    EXPECT_TRUE(is_email(std::string(252, 'a') + "@b"));
    EXPECT_FALSE(is_email(std::string(253, 'a') + "@b"));
}

}  // namespace
}  // namespace onhand::domain
