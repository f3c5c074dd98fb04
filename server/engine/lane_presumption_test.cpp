// Lanes of a shared store that judge on the rows they know: when they do, and that nothing is decided by it alone.

#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/fake_cluster.hpp"
#include "engine/testing/harness.hpp"

namespace onhand::engine {
namespace {

struct LanePresumptionTest : testing::Test {
    LanePresumptionTest() {
        h.store.exclusive = false;
        h.add_product("A", 100);
        h.add_product("B", 100);
    }

    // One batch of four orders, so that the lane is busy enough to reserve numbers, and knows the product's rows.
    void warm_up(const std::string& sku = "A") {
        h.gate.close();
        h.submit(h.make(Harness::order_of(sku, 1)));
        h.gate.wait_until_reached();
        for (int i = 0; i < 4; ++i) h.submit(h.make(Harness::order_of(sku, 1)));
        h.gate.open();
        h.sink.wait_for(h.submitted);
    }

    // What another process does meanwhile.
    void elsewhere(const domain::Command& command, int key = 0) {
        domain::WorkingSet set;
        UuidGenerator ids(std::mt19937_64(99));
        ids.raise_floor(*h.store.prepare(set));
        domain::RowRequest rows;
        domain::request_rows(command, set, rows);
        ASSERT_TRUE(h.store.load({}, rows, set).has_value());
        domain::Changes changes;
        const auto& like = h.make(command, key);
        const domain::Context context{1, domain::AccountId{2}, domain::Role::admin, ids, like.key, like.fingerprint};
        ASSERT_EQ(domain::refusal(domain::decide(command, set, context, changes)), nullptr);
        ASSERT_EQ(h.store.commit(changes).status, storage::CommitStatus::committed);
    }

    Harness h;
};

TEST_F(LanePresumptionTest, orders_of_a_known_product_are_not_loaded) {
    warm_up();
    EXPECT_EQ(h.store.presumed, 0);
    int loads = 0;
    h.store.on_load = [&loads] { return ++loads < 0; };
    EXPECT_NE(h.ask(Harness::order_of("A", 1), 1).order(), nullptr);
    EXPECT_NE(h.ask(Harness::order_of("A", 1), 2).order(), nullptr);
    EXPECT_EQ(h.store.presumed, 2);
    EXPECT_EQ(loads, 0);
    EXPECT_EQ(h.available("A"), 93);
}

TEST_F(LanePresumptionTest, other_products_and_other_commands_are_loaded) {
    warm_up();
    h.ask(Harness::order_of("B", 1));
    h.ask(Harness::adjustment_of("A", 1));
    h.ask(domain::CancelOrder{h.store.all_orders().front().id});
    EXPECT_EQ(h.store.presumed, 0);
    EXPECT_EQ(h.store.presumed_wrongly, 0);
    // What they left is known from then on.
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_NE(h.ask(Harness::order_of("B", 1)).order(), nullptr);
    EXPECT_EQ(h.store.presumed, 2);
}

TEST_F(LanePresumptionTest, an_order_is_judged_again_when_another_process_has_written) {
    warm_up();
    elsewhere(Harness::adjustment_of("A", -95));
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).refused(), nullptr) << "nothing is left";
    EXPECT_EQ(h.store.presumed_wrongly, 1);
    EXPECT_EQ(h.store.levels().begin()->second.available(), 0);
}

TEST_F(LanePresumptionTest, nothing_is_refused_on_what_is_only_presumed) {
    warm_up();
    h.ask(Harness::order_of("A", 95));
    elsewhere(Harness::adjustment_of("A", 5));
    EXPECT_NE(h.ask(Harness::order_of("A", 5)).order(), nullptr);
}

TEST_F(LanePresumptionTest, a_product_changed_elsewhere_is_read_anew) {
    warm_up();
    domain::UpdateProduct rename;
    rename.sku = "A";
    rename.expected_version = 1;
    rename.name = "Another name";
    elsewhere(rename);
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_EQ(h.store.presumed_wrongly, 1);
}

TEST_F(LanePresumptionTest, a_key_that_was_used_here_is_looked_up) {
    warm_up();
    const auto first = h.ask(Harness::order_of("A", 1), 7).order()->id;
    const auto& again = h.ask(Harness::order_of("A", 1), 7);
    EXPECT_TRUE(again.answer.replayed);
    EXPECT_EQ(again.order()->id, first);
    EXPECT_EQ(h.engine.stats().conflicts, 0u);
}

TEST_F(LanePresumptionTest, a_key_that_was_used_elsewhere_has_its_first_answer) {
    warm_up();
    elsewhere(Harness::order_of("B", 1), 7);
    const auto& again = h.ask(Harness::order_of("B", 1), 7);
    EXPECT_TRUE(again.answer.replayed);
    EXPECT_EQ(h.store.all_orders().size(), 6u);
    warm_up("B");
    elsewhere(Harness::order_of("A", 1), 8);
    warm_up("B");
    EXPECT_TRUE(h.ask(Harness::order_of("A", 1), 8).answer.replayed);
}

TEST_F(LanePresumptionTest, keys_are_looked_up_only_when_they_may_have_been_used) {
    h.ask(Harness::order_of("A", 1), 1);
    h.ask(Harness::adjustment_of("A", 1), 2);
    EXPECT_EQ(h.store.keys_looked_up, 0);
    EXPECT_TRUE(h.ask(Harness::adjustment_of("A", 1), 2).answer.replayed) << "one that was used here";
    EXPECT_EQ(h.store.keys_looked_up, 1);
    EXPECT_EQ(h.engine.stats().conflicts, 0u);
}

// Whatever the second judgement would be, the first one's answer is given.
TEST_F(LanePresumptionTest, a_key_that_was_used_elsewhere_has_its_first_answer_whatever_the_stock_is_now) {
    elsewhere(Harness::order_of("A", 90), 7);
    const auto& again = h.ask(Harness::order_of("A", 90), 7);
    EXPECT_TRUE(again.answer.replayed);
    EXPECT_NE(again.order(), nullptr);
    EXPECT_EQ(h.store.keys_looked_up, 1);
    EXPECT_EQ(h.store.levels().begin()->second.available(), 10);
    EXPECT_NE(h.ask(Harness::order_of("A", 90)).refused(), nullptr);
}

TEST_F(LanePresumptionTest, after_a_used_key_the_next_batches_look_theirs_up) {
    elsewhere(Harness::order_of("A", 1), 7);
    h.ask(Harness::order_of("A", 1), 7);
    h.store.keys_looked_up = 0;
    for (int key = 10; key < 15; ++key) h.ask(Harness::adjustment_of("B", 1), key);
    EXPECT_EQ(h.store.keys_looked_up, 2);
}

TEST_F(LanePresumptionTest, an_unknown_outcome_is_resolved_and_a_lost_one_tried_again) {
    warm_up();
    std::uint64_t faults = 0;
    h.fault = [&faults](std::uint64_t) { return ++faults == 1 ? CommitFault::unknown_applied : CommitFault::none; };
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_EQ(h.store.all_orders().size(), 6u);
    warm_up();
    faults = 0;
    h.fault = [&faults](std::uint64_t) { return ++faults == 1 ? CommitFault::unknown_lost : CommitFault::none; };
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_EQ(h.store.all_orders().size(), 12u);
    EXPECT_EQ(h.engine.stats().commits_unknown, 2u);
    h.fault = {};
    warm_up();
    h.fault = [](std::uint64_t) { return CommitFault::unknown_forever; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 1)).failure(), Failure::outcome_unknown);
    EXPECT_FALSE(h.engine.failed()) << "what a shared store holds is read anew";
}

TEST_F(LanePresumptionTest, numbers_that_were_reserved_long_ago_are_not_used) {
    warm_up();
    elsewhere(Harness::order_of("B", 1));
    const auto greatest = h.store.all_orders().back().number;
    h.clock.advance_ms(100);
    EXPECT_GT(h.ask(Harness::order_of("A", 1)).order()->number, greatest);
    EXPECT_EQ(h.store.presumed, 0);
}

TEST(LockedLane, rows_are_presumed_only_while_the_lock_was_held_all_the_time) {
    FakeLocks locks;
    Harness h({}, &locks);
    h.store.exclusive = false;
    h.add_product("A", 100);
    const auto five_at_once = [&h] {
        h.gate.close();
        h.submit(h.make(Harness::order_of("A", 1)));
        h.gate.wait_until_reached();
        for (int i = 0; i < 4; ++i) h.submit(h.make(Harness::order_of("A", 1)));
        h.gate.open();
        h.sink.wait_for(h.submitted);
    };
    five_at_once();
    while (!locks.held_here().empty()) std::this_thread::yield();
    h.gate.close();
    auto& next = h.make(Harness::order_of("A", 1));
    h.submit(next);
    h.gate.wait_until_reached();
    auto& last = h.make(Harness::order_of("A", 1));
    h.submit(last);
    h.gate.open();
    h.sink.wait_for(h.submitted);
    // The lock was given up behind the fifth order, and kept from the next one to the last.
    EXPECT_EQ(h.store.presumed, 1);
}

TEST(LockedLane, a_lock_that_others_wait_for_is_handed_over_before_the_commit) {
    FakeLocks locks;
    Harness h({}, &locks);
    h.store.exclusive = false;
    h.add_product("A", 100);
    locks.want("A");
    h.gate.close();
    auto& order = h.make(Harness::order_of("A", 1));
    h.submit(order);
    h.gate.wait_until_reached();
    EXPECT_TRUE(locks.held_here().empty());
    h.gate.open();
    h.sink.wait_for(h.submitted);
    EXPECT_NE(order.order(), nullptr);
}

}  // namespace
}  // namespace onhand::engine
