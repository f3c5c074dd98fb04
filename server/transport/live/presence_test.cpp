#include "transport/live/presence.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "transport/live/testing/feed_world.hpp"

namespace onhand::live {
namespace {

struct PresenceTest : testing::Test {
    PresenceTest() {
        for (int i = 1; i <= 150; ++i) accounts.put_account(account(i, "User " + std::to_string(i)));
    }
    static domain::Account account(int id, const std::string& name) {
        domain::Account made;
        made.id = domain::AccountId{id};
        made.uuid.bytes.back() = static_cast<std::uint8_t>(id);
        made.name = name;
        return made;
    }
    engine::AccountBook accounts;
    Presence presence{accounts};
};

TEST_F(PresenceTest, the_set_changes_with_the_first_client_of_a_user_and_the_last) {
    const domain::AccountId ada{1};
    EXPECT_TRUE(presence.joined(ada));
    EXPECT_FALSE(presence.joined(ada));
    EXPECT_FALSE(presence.left(ada));
    EXPECT_TRUE(presence.left(ada));
}

TEST_F(PresenceTest, it_is_one_event_as_long_as_it_says_the_same) {
    const auto empty = presence.event();
    presence.joined(domain::AccountId{1});
    const auto one = presence.event();
    EXPECT_NE(one, empty);
    EXPECT_EQ(presence.event(), one);
    presence.joined(domain::AccountId{2});
    presence.left(domain::AccountId{2});
    EXPECT_EQ(presence.event(), one);
    domain::Changes changes;
    changes.accounts.push_back(account(1, "User 1"));
    accounts.apply(changes);
    EXPECT_EQ(presence.event(), one);
    changes.accounts.front().name = "Countess";
    accounts.apply(changes);
    EXPECT_NE(presence.event(), one);
}

TEST_F(PresenceTest, users_of_other_instances_are_there_too) {
    const std::chrono::steady_clock::time_point start{};
    Presence other{accounts};
    presence.joined(domain::AccountId{1});
    other.joined(domain::AccountId{1});
    other.joined(domain::AccountId{2});
    EXPECT_TRUE(presence.heard(other.message(), start));
    EXPECT_FALSE(presence.heard(other.message(), start)) << "it says the same again";
    EXPECT_FALSE(presence.heard(presence.message(), start)) << "its own words come back";
    EXPECT_EQ(boost::json::parse(presence.list()).at("users").as_array().size(), 2U);
    other.left(domain::AccountId{2});
    EXPECT_TRUE(presence.heard(other.message(), start));
    EXPECT_EQ(boost::json::parse(presence.list()).at("users").as_array().size(), 1U);
    other.joined(domain::AccountId{3});
    EXPECT_TRUE(presence.heard(other.message(), start));
    EXPECT_TRUE(presence.heard(other.farewell(), start));
    EXPECT_EQ(boost::json::parse(presence.list()).at("users").as_array().size(), 1U);
}

TEST_F(PresenceTest, an_instance_that_falls_silent_is_forgotten) {
    const std::chrono::steady_clock::time_point start{};
    Presence other{accounts};
    other.joined(domain::AccountId{2});
    presence.heard(other.message(), start);
    EXPECT_FALSE(presence.forget_silent(start + presence_silence_max - std::chrono::seconds(1)));
    EXPECT_TRUE(presence.forget_silent(start + presence_silence_max));
    EXPECT_TRUE(boost::json::parse(presence.list()).at("users").as_array().empty());
}

TEST_F(PresenceTest, messages_that_make_no_sense_are_left_out) {
    for (const auto& message : {std::string(), std::string(7, 'x'), std::string(9, 'x'), std::string(8, 'x')})
        EXPECT_FALSE(presence.heard(message, {})) << message.size();
    EXPECT_FALSE(presence.heard(std::string(8 * (presence_accounts_max + 2), 'x'), {}));
}

// The feed with three people, who connect on different io threads.
struct PresenceFeedTest : FeedWorld {
    PresenceFeedTest() {
        add_account(2, "Bob", "bob");
        add_account(3, "Cleo", "cleo");
    }
    static std::vector<std::string> names(const json::value& event) {
        std::vector<std::string> all;
        for (const auto& user : event.at("users").as_array()) all.emplace_back(user.at("name").as_string());
        return all;
    }
    // Waits until a client was told that these are there.
    static void until(PollingClient& client, const std::vector<std::string>& expected) {
        while (names(client.event("presence.changed")) != expected) {
        }
    }
    using Names = std::vector<std::string>;
};

TEST_F(PresenceFeedTest, a_client_is_told_who_is_there_when_it_has_subscribed) {
    auto bob = client();
    bob.sign_in("bob");
    auto ada = client(1);
    ada.sign_in();
    ada.ask("subscribe", "{}");
    const auto event = ada.event("presence.changed");
    EXPECT_EQ(json::serialize(event), R"({"users":[{"id":"00000000-0000-0000-0000-000000000001","name":"Ada Admin"},)"
                                      R"({"id":"00000000-0000-0000-0000-000000000002","name":"Bob"}]})");
}

TEST_F(PresenceFeedTest, subscribers_on_all_threads_hear_who_comes_and_goes) {
    auto ada = client(0);
    ada.sign_in();
    ada.ask("subscribe", "{}");
    auto bob = client(1);
    bob.sign_in("bob");
    bob.ask("subscribe", "{}");
    until(bob, {"Ada Admin", "Bob"});
    until(ada, {"Ada Admin", "Bob"});
    auto cleo = client(1);
    cleo.sign_in("cleo");
    until(ada, {"Ada Admin", "Bob", "Cleo"});
    until(bob, {"Ada Admin", "Bob", "Cleo"});
    bob.leave();
    until(ada, {"Ada Admin", "Cleo"});
}

TEST_F(PresenceFeedTest, a_user_with_two_clients_is_listed_once_until_both_have_gone) {
    auto ada = client();
    ada.sign_in();
    ada.ask("subscribe", "{}");
    auto first = client(0);
    first.sign_in("bob");
    until(ada, {"Ada Admin", "Bob"});
    auto second = client(1);
    second.sign_in("bob");
    first.leave();
    auto cleo = client();
    cleo.sign_in("cleo");
    until(ada, {"Ada Admin", "Bob", "Cleo"});
    second.leave();
    until(ada, {"Ada Admin", "Cleo"});
}

TEST_F(PresenceFeedTest, what_happens_within_a_moment_is_told_once) {
    auto ada = client();
    ada.sign_in();
    ada.ask("subscribe", "{}");
    until(ada, {"Ada Admin"});
    // Bob's page is loaded again and again; Cleo comes meanwhile.
    for (int i = 0; i < 20; ++i) {
        auto bob = client(1);
        bob.sign_in("bob");
        bob.leave();
    }
    auto cleo = client();
    cleo.sign_in("cleo");
    const auto said = names(ada.event("presence.changed"));
    EXPECT_EQ(said, (Names{"Ada Admin", "Cleo"}));
    EXPECT_EQ(ada.count("42[\"presence.changed\""), 0);
}

TEST_F(PresenceFeedTest, nobody_is_told_what_nobody_asked_for) {
    auto quiet = client();
    quiet.sign_in();
    auto ada = client();
    ada.sign_in();
    ada.ask("subscribe", "{}");
    auto bob = client();
    bob.sign_in("bob");
    until(ada, {"Ada Admin", "Bob"});
    quiet.ask("watch", R"({"keys":[]})");
    EXPECT_FALSE(quiet.holds("42[\"presence.changed\""));
}

TEST_F(PresenceFeedTest, a_new_name_is_told) {
    auto ada = client();
    ada.sign_in();
    ada.ask("subscribe", "{}");
    until(ada, {"Ada Admin"});
    domain::Changes changes;
    changes.accounts.push_back(*accounts.by_id(domain::AccountId{1}));
    changes.accounts.front().name = "Ada Lovelace";
    accounts.apply(changes);
    until(ada, {"Ada Lovelace"});
}

TEST_F(PresenceFeedTest, a_client_that_could_not_take_it_hears_the_newest) {
    auto ada = client();
    ada.sign_in();
    ada.ask("subscribe", "{}");
    until(ada, {"Ada Admin"});
    auto slow = client(1);
    slow.sign_in("bob");
    slow.send("subscribe", "{}");
    auto cleo = client();
    cleo.sign_in("cleo");
    until(ada, {"Ada Admin", "Bob", "Cleo"});
    cleo.leave();
    until(ada, {"Ada Admin", "Bob"});
    until(slow, {"Ada Admin", "Bob"});
    EXPECT_LE(slow.count("42[\"presence.changed\""), 1);
}

TEST_F(PresenceTest, it_names_a_bounded_number_of_users_and_counts_them_all) {
    for (int i = 150; i >= 1; --i) presence.joined(domain::AccountId{i});
    const auto said = presence.list();
    const auto value = json::parse(said);
    const auto& users = value.at("users").as_array();
    ASSERT_EQ(users.size(), presence_users_max);
    EXPECT_EQ(users.front().at("name").as_string(), "User 1");
    EXPECT_EQ(users.back().at("name").as_string(), "User 100");
    EXPECT_EQ(value.at("total").as_int64(), 150);
    for (int i = 101; i <= 150; ++i) presence.left(domain::AccountId{i});
    EXPECT_FALSE(json::parse(presence.list()).as_object().contains("total"));
}

}  // namespace
}  // namespace onhand::live
