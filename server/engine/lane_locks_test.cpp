// The lanes of an engine that shares its store, with product locks.

#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/fake_cluster.hpp"
#include "engine/testing/harness.hpp"

namespace onhand::engine {
namespace {

struct LaneLocksTest : testing::Test {
    LaneLocksTest() {
        h.add_product("A", 100);
        h.add_product("B", 100);
        h.store.exclusive = false;
    }
    FakeLocks locks;
    Harness h{{}, &locks};
};

TEST_F(LaneLocksTest, holds_the_lock_of_an_order_and_gives_it_up_when_nobody_waits) {
    h.gate.close();
    auto& order = h.make(Harness::order_of("A", 1));
    h.submit(order);
    h.gate.wait_until_reached();
    EXPECT_EQ(locks.held_here(), std::set<std::string>{"A"});
    h.gate.open();
    h.sink.wait_for(h.submitted);
    EXPECT_NE(order.order(), nullptr);
    h.engine.stop();
    EXPECT_TRUE(locks.held_here().empty());
}

TEST_F(LaneLocksTest, a_locked_product_holds_up_its_own_orders_only) {
    locks.take("A");
    auto& waits = h.make(Harness::order_of("A", 1));
    h.submit(waits);
    auto& goes = h.make(Harness::order_of("B", 1));
    h.submit(goes);
    h.sink.wait_for(3);  // the two products, and the order of B
    EXPECT_NE(goes.order(), nullptr);
    EXPECT_EQ(waits.answers, 0);
    locks.free("A");
    h.sink.wait_for(4);
    EXPECT_NE(waits.order(), nullptr);
}

TEST_F(LaneLocksTest, orders_of_two_products_wait_for_both) {
    locks.take("B");
    auto order = Harness::order_of("A", 1);
    order.lines.push_back({"B", "", 1});
    auto& waits = h.make(order);
    h.submit(waits);
    const auto asked = locks.asked();
    while (locks.asked() < asked + 2) std::this_thread::yield();
    EXPECT_EQ(waits.answers, 0);
    locks.free("B");
    h.sink.wait_for(3);
    EXPECT_NE(waits.order(), nullptr);
}

TEST_F(LaneLocksTest, who_waited_long_enough_goes_on_under_the_row_locks) {
    locks.take("A");
    auto& order = h.make(Harness::order_of("A", 1));
    h.submit(order);
    const auto asked = locks.asked();
    while (locks.asked() < asked + 2) std::this_thread::yield();
    EXPECT_EQ(order.answers, 0);
    h.clock.advance_ms(bus::lock_patience.count());
    h.sink.wait_for(3);
    EXPECT_NE(order.order(), nullptr);
}

TEST_F(LaneLocksTest, goes_on_at_once_while_nobody_can_tell_who_has_the_lock) {
    locks.take("A");
    locks.set_away(true);
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
}

TEST_F(LaneLocksTest, what_waits_for_a_lock_is_answered_when_the_engine_stops) {
    locks.take("A");
    auto& order = h.make(Harness::order_of("A", 1));
    h.submit(order);
    const auto asked = locks.asked();
    while (locks.asked() < asked + 1) std::this_thread::yield();
    std::thread stopping([this] { h.engine.stop(); });
    h.clock.advance_ms(bus::lock_patience.count());
    stopping.join();
    EXPECT_EQ(order.answers, 1);
    EXPECT_NE(order.order(), nullptr);
}

TEST_F(LaneLocksTest, commands_that_name_no_product_ask_for_no_lock) {
    const auto asked = locks.asked();
    h.ask(domain::CreateLocation{"EAST", "East"});
    EXPECT_EQ(locks.asked(), asked);
}

}  // namespace
}  // namespace onhand::engine
