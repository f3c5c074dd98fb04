#include "transport/live/feed.hpp"

#include "transport/live/testing/feed_world.hpp"

namespace onhand::live {
namespace {

using LiveFeedTest = FeedWorld;

TEST_F(LiveFeedTest, refuses_a_client_without_a_session) {
    auto stranger = client();
    stranger.open();
    stranger.post("40{\"token\":\"wrong\"}");
    EXPECT_EQ(json::parse(stranger.expect("44")).at("message").as_string(), "unauthenticated");
}

TEST_F(LiveFeedTest, tells_changes_in_feed_order_with_their_stretch) {
    auto watcher = client();
    watcher.sign_in();
    const auto ack = watcher.ask("subscribe", R"({"stock":"all"})");
    EXPECT_TRUE(ack.at("ok").as_bool());
    EXPECT_EQ(ack.at("head").as_int64(), 0);
    commit({1, 2});
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), 1);
    EXPECT_EQ(event.at("to").as_int64(), 2);
    const auto& changes = event.at("changes").as_array();
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].at("sku").as_string(), "P1");
    EXPECT_EQ(changes[0].at("location").as_string(), "MAIN");
    EXPECT_EQ(changes[1].at("on_hand").as_int64(), 101);
    commit({3});
    EXPECT_EQ(watcher.event("stock.changed").at("from").as_int64(), 3);
}

TEST_F(LiveFeedTest, leaves_nothing_out_for_who_comes_right_after_a_change) {
    // The first change is told at once, to nobody; the second waits for its round, in which the client comes.
    commit({1});
    loops.turn();
    commit({2});
    loops.turn();
    auto watcher = client();
    watcher.sign_in();
    const auto head = watcher.ask("subscribe", R"({"stock":"all"})").at("head").as_int64();
    commit({3});
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), head + 1);
    EXPECT_EQ(event.at("to").as_int64(), 3);
    EXPECT_EQ(event.at("changes").as_array().size(), static_cast<std::size_t>(3 - head));
}

TEST_F(LiveFeedTest, tells_only_the_rows_asked_for_and_covers_the_others) {
    auto watcher = client();
    watcher.sign_in();
    watcher.ask("subscribe", R"({"stock":{"keys":[["P1","MAIN"]]}})");
    commit({2, 3});
    loops.turn();
    commit({1});
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), 1);
    EXPECT_EQ(event.at("to").as_int64(), 3);
    EXPECT_EQ(event.at("changes").as_array().size(), 1u);
}

TEST_F(LiveFeedTest, tells_present_values_of_rows_that_came_into_view) {
    auto watcher = client();
    watcher.sign_in();
    watcher.ask("subscribe", R"({"stock":{"keys":[]}})");
    commit({2});
    loops.turn();
    EXPECT_TRUE(watcher.ask("watch", R"({"keys":[["P2","MAIN"]]})").at("ok").as_bool());
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("to").as_int64(), event.at("from").as_int64() - 1);
    EXPECT_EQ(event.at("changes").at(0).at("version").as_int64(), 1);
}

TEST_F(LiveFeedTest, tells_orders_only_to_those_who_want_them) {
    auto with = client();
    with.sign_in();
    with.ask("subscribe", R"({"orders":true})");
    auto without = client();
    without.sign_in();
    without.ask("subscribe", R"({"stock":"all"})");
    commit({1}, true);
    EXPECT_EQ(with.event("order.changed").at("seq").as_int64(), 2);
    EXPECT_EQ(without.event("stock.changed").at("to").as_int64(), 2);
    // Its acknowledgement comes behind whatever was told before.
    without.ask("subscribe", "{}");
    EXPECT_FALSE(without.holds("42[\"order.changed\""));
}

TEST_F(LiveFeedTest, conflates_for_a_client_that_does_not_fetch) {
    auto slow = client();
    slow.sign_in();
    slow.ask("subscribe", R"({"stock":"all"})");
    for (int i = 0; i < 5; ++i) {
        commit({1, 2});
        loops.first.run_one_for(std::chrono::milliseconds(50));
        loops.first.run_one_for(std::chrono::milliseconds(50));
    }
    domain::FeedSeq told = 0;
    std::int64_t newest = 0;
    std::size_t entries = 0;
    while (told < 10) {
        const auto event = slow.event("stock.changed");
        EXPECT_EQ(event.at("from").as_int64(), told + 1);
        told = event.at("to").as_int64();
        for (const auto& change : event.at("changes").as_array())
            newest = std::max(newest, change.at("version").as_int64());
        entries += event.at("changes").as_array().size();
    }
    EXPECT_EQ(newest, 5);
    EXPECT_LT(entries, 10u);
}

TEST_F(LiveFeedTest, resumes_behind_a_number_before_it_acknowledges) {
    auto first = client();
    first.sign_in();
    first.ask("subscribe", R"({"stock":"all"})");
    for (int i = 0; i < 4; ++i) commit({1}, true);
    while (first.event("stock.changed").at("to").as_int64() < 8) {
    }
    auto back = client();
    back.sign_in();
    const auto ack = back.ask("subscribe", R"({"stock":"all","orders":true,"after":3})");
    EXPECT_EQ(ack.at("head").as_int64(), 8);
    const auto missed = back.event("stock.changed");
    EXPECT_EQ(missed.at("from").as_int64(), 4);
    EXPECT_EQ(missed.at("to").as_int64(), 8);
    EXPECT_EQ(missed.at("changes").as_array().size(), 1u);
    EXPECT_EQ(back.event("order.changed").at("seq").as_int64(), 4);
    EXPECT_EQ(back.event("order.changed").at("seq").as_int64(), 6);
}

// The feed of one of several instances. What the others did is in the database before it is here.
struct ClusterFeedTest : FeedWorld {
    ClusterFeedTest() : FeedWorld(true) {}
    // Another instance commits `count` changes of P1, which this one hears of only in hear().
    void commit_elsewhere(int count) {
        for (int i = 0; i < count; ++i) {
            domain::Movement movement;
            movement.after = level(1, ++versions[1]);
            movement.quantity = 1;
            domain::Changes changes;
            changes.levels[movement.after.key] = movement.after;
            changes.items.emplace_back(movement);
            ASSERT_EQ(store.commit(changes).status, storage::CommitStatus::committed);
            auto batch = std::make_shared<domain::FeedBatch>();
            batch->first = domain::seq_of(changes.items.front());
            batch->items = changes.items;
            late.push_back(std::move(batch));
        }
    }
    void hear() {
        for (const auto& batch : late) feed->on_batch(batch);
        late.clear();
    }
    std::vector<domain::FeedBatchPtr> late;
};

TEST_F(ClusterFeedTest, resumes_a_client_that_another_instance_told_more) {
    commit_elsewhere(3);
    auto watcher = client();
    watcher.sign_in();
    EXPECT_EQ(watcher.ask("subscribe", R"({"stock":"all","after":3})").at("head").as_int64(), 3);
    hear();
    loops.turn();
    commit_elsewhere(1);
    hear();
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), 4);
    EXPECT_EQ(event.at("to").as_int64(), 4);
}

TEST_F(ClusterFeedTest, starts_a_client_over_that_nobody_told_so_much) {
    commit_elsewhere(3);
    auto watcher = client();
    watcher.sign_in();
    EXPECT_EQ(watcher.ask("subscribe", R"({"stock":"all","after":4})").at("head").as_int64(), 0);
    EXPECT_EQ(watcher.event("feed.reset").at("head").as_int64(), 0);
}

TEST_F(ClusterFeedTest, lets_a_client_in_whose_session_another_instance_opened) {
    domain::Session elsewhere = session;
    elsewhere.token_hash = http::hash_token("their-token");
    domain::Changes changes;
    changes.accounts = {*accounts.by_id(domain::AccountId{1})};
    changes.sessions = {{elsewhere, false}};
    ASSERT_EQ(store.commit(changes).status, storage::CommitStatus::committed);
    auto theirs = client();
    theirs.open();
    theirs.post(R"(40{"token":"their-token"})");
    theirs.expect("40");
    auto nobody = client();
    nobody.open();
    nobody.post(R"(40{"token":"nobodys-token"})");
    EXPECT_EQ(json::parse(nobody.expect("44")).at("message").as_string(), "unauthenticated");
}

TEST_F(LiveFeedTest, starts_a_client_over_that_asks_for_the_impossible) {
    auto lost = client();
    lost.sign_in();
    lost.ask("subscribe", R"({"stock":"all","after":999})");
    EXPECT_EQ(lost.event("feed.reset").at("head").as_int64(), 0);
}

TEST_F(LiveFeedTest, starts_a_client_over_when_there_is_no_room_to_catch_up) {
    auto first = tell_one_change();
    refuse_jobs = true;
    auto back = client();
    back.sign_in();
    back.ask("subscribe", R"({"stock":"all","after":0})");
    EXPECT_EQ(back.event("feed.reset").at("head").as_int64(), 1);
}

TEST_F(LiveFeedTest, says_what_is_wrong_with_a_subscription) {
    auto clumsy = client();
    clumsy.sign_in();
    const auto ack = clumsy.ask("subscribe", R"({"stock":"some"})");
    EXPECT_FALSE(ack.at("ok").as_bool());
    EXPECT_FALSE(ack.at("error").as_string().empty());
    EXPECT_FALSE(clumsy.ask("dance", "{}").at("ok").as_bool());
}

TEST_F(LiveFeedTest, answers_a_subscription_that_a_later_one_replaced) {
    auto first = tell_one_change();
    keep_jobs = true;
    auto hasty = client();
    hasty.sign_in();
    const auto replaced = hasty.send("subscribe", R"({"stock":"all","after":0})");
    const auto newest = hasty.send("subscribe", R"({"orders":true,"after":0})");
    for (auto& job : jobs) job();
    const auto error = hasty.answer_to(replaced);
    EXPECT_FALSE(error.at("ok").as_bool());
    EXPECT_EQ(error.at("error").as_string(), "replaced by a later subscribe");
    EXPECT_TRUE(hasty.answer_to(newest).at("ok").as_bool());
    EXPECT_FALSE(hasty.holds("42[\"stock.changed\""));
}

TEST_F(LiveFeedTest, catches_nobody_up_who_has_gone) {
    auto first = tell_one_change();
    keep_jobs = true;
    {
        auto gone = client();
        gone.sign_in();
        gone.send("subscribe", R"({"stock":"all","after":0})");
        gone.leave();
    }
    ASSERT_EQ(jobs.size(), 1U);
    jobs.front()();
    EXPECT_TRUE(first.ask("watch", R"({"keys":[]})").at("ok").as_bool());
}

// Each way in which a session can end, told once before the connection is closed.
struct SessionEndTest : FeedWorld {
    void expect_end() {
        leaving.expect("42[\"session.ended\"");
        while (!leaving.holds("41") && !leaving.holds("1")) leaving.fetch();
    }
    PollingClient leaving = client();
};

TEST_F(SessionEndTest, by_signing_out) {
    leaving.sign_in();
    domain::Changes changes;
    changes.sessions.push_back({session, true});
    accounts.apply(changes);
    expect_end();
}

TEST_F(SessionEndTest, by_a_new_password_or_an_administrator) {
    leaving.sign_in();
    domain::Changes changes;
    changes.sessions_ended_of.push_back(session.account);
    accounts.apply(changes);
    expect_end();
}

TEST_F(SessionEndTest, by_disabling_the_account) {
    leaving.sign_in();
    domain::Changes changes;
    changes.accounts.push_back(*accounts.by_id(session.account));
    changes.accounts.front().disabled = true;
    accounts.apply(changes);
    expect_end();
}

TEST_F(SessionEndTest, by_expiry) {
    leaving.sign_in();
    clock.advance_ms(engine::session_absolute_ms);
    expect_end();
}

TEST_F(SessionEndTest, by_not_being_used) {
    leaving.sign_in();
    clock.advance_ms(engine::session_idle_ms);
    expect_end();
}

TEST_F(SessionEndTest, not_while_it_is_in_use) {
    leaving.sign_in();
    clock.advance_ms(engine::session_idle_ms - 1);
    session.seen_at = clock.wall_ms();
    domain::Changes changes;
    changes.sessions.push_back({session, false});
    accounts.apply(changes);
    clock.advance_ms(engine::session_idle_ms - 1);
    // The other's end shows that the sessions were looked at.
    add_account(2, "Bob", "bob");
    auto other = client();
    other.sign_in("bob");
    changes.sessions.clear();
    changes.sessions_ended_of.push_back(domain::AccountId{2});
    accounts.apply(changes);
    other.expect("42[\"session.ended\"");
    leaving.ask("subscribe", "{}");
    EXPECT_FALSE(leaving.holds("42[\"session.ended\""));
}

}  // namespace
}  // namespace onhand::live
