#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include "engine/testing/harness.hpp"

namespace onhand::engine {
namespace {

using domain::RefusalCode;

TEST(Engine, answers_a_placed_order_and_shows_it_to_readers) {
    Harness h;
    h.add_product("A", 10);
    const auto& request = h.ask(Harness::order_of("A", 3));
    ASSERT_NE(request.order(), nullptr);
    EXPECT_EQ(request.order()->number, domain::first_order_number);
    EXPECT_EQ(h.available("A"), 7);
}

TEST(Engine, combines_what_waits_into_one_transaction_judged_in_order) {
    Harness h;
    h.add_product("A", 10);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    const auto batches_before = h.engine.stats().batches;
    const auto first = h.requests.size();
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.open();
    h.sink.wait_for(h.submitted);
    h.engine.stop();
    EXPECT_EQ(h.engine.stats().batches, batches_before + 2);
    for (std::size_t i = 0; i < 64; ++i) {
        const auto& request = *h.requests[first + i];
        EXPECT_EQ(request.order() != nullptr, i < 9) << i;
        if (i >= 9) {
            EXPECT_EQ(request.refused()->code, RefusalCode::insufficient_stock);
        }
    }
}

TEST(Engine, hands_a_batch_back_in_one_call) {
    Harness h;
    h.add_product("A", 100);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    const auto calls = h.sink.calls();
    h.gate.open();
    h.sink.wait_for(h.submitted);
    EXPECT_EQ(h.sink.calls(), calls + 2);
}

TEST(Engine, repeats_the_answer_of_a_known_key) {
    Harness h;
    h.add_product("A", 10);
    const auto& first = h.ask(Harness::order_of("A", 4), 7, 1);
    const auto& again = h.ask(Harness::order_of("A", 4), 7, 1);
    ASSERT_NE(again.order(), nullptr);
    EXPECT_EQ(*again.order(), *first.order());
    EXPECT_FALSE(first.answer.replayed);
    EXPECT_TRUE(again.answer.replayed);
    EXPECT_EQ(h.available("A"), 6);
}

TEST(Engine, repeats_the_order_as_it_was_placed_after_it_changed) {
    Harness h;
    h.add_product("A", 10);
    const auto first = *h.ask(Harness::order_of("A", 4), 7, 1).order();
    ASSERT_NE(h.ask(domain::CancelOrder{first.id}).order(), nullptr);
    const auto& again = h.ask(Harness::order_of("A", 4), 7, 1);
    EXPECT_EQ(*again.order(), first);
    EXPECT_EQ(h.available("A"), 10);
}

TEST(Engine, judges_the_same_key_twice_in_one_batch_once) {
    Harness h;
    h.add_product("A", 10);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    auto& first = h.make(Harness::order_of("A", 2), 9, 1);
    auto& twin = h.make(Harness::order_of("A", 2), 9, 1);
    auto& other = h.make(Harness::order_of("A", 3), 9, 2);
    for (auto* request : {&first, &twin, &other}) ASSERT_TRUE(h.submit(*request));
    h.gate.open();
    h.sink.wait_for(h.submitted);
    ASSERT_NE(twin.order(), nullptr);
    EXPECT_EQ(*twin.order(), *first.order());
    EXPECT_TRUE(twin.answer.replayed);
    EXPECT_EQ(other.refused()->code, RefusalCode::idempotency_mismatch);
    EXPECT_EQ(h.available("A"), 7);
}

TEST(Engine, keeps_a_refusal_refused_after_restock) {
    Harness h;
    h.add_product("A", 1);
    const auto& first = h.ask(Harness::order_of("A", 5), 3, 1);
    ASSERT_NE(first.bytes(), nullptr);
    EXPECT_EQ(first.bytes()->body, "insufficient_stock");
    h.ask(Harness::adjustment_of("A", 100), 4, 1);
    const auto& again = h.ask(Harness::order_of("A", 5), 3, 1);
    ASSERT_NE(again.bytes(), nullptr);
    EXPECT_EQ(again.bytes()->body, first.bytes()->body);
    EXPECT_TRUE(again.answer.replayed);
    EXPECT_EQ(h.available("A"), 101);
}

TEST(Engine, refuses_a_known_key_with_another_body) {
    Harness h;
    h.add_product("A", 10);
    h.ask(Harness::order_of("A", 1), 5, 1);
    EXPECT_EQ(h.ask(Harness::order_of("A", 2), 5, 2).refused()->code, RefusalCode::idempotency_mismatch);
    EXPECT_EQ(h.available("A"), 9);
}

TEST(Engine, takes_no_more_than_its_queue_holds) {
    Options options;
    options.queue_max = 4;
    options.batch_max = 4;
    Harness h(options);
    h.add_product("A", 100);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    EXPECT_FALSE(h.submit(h.make(Harness::order_of("A", 1))));
    EXPECT_EQ(h.engine.stats().busy, 1u);
    h.gate.open();
    h.sink.wait_for(h.submitted);
    EXPECT_EQ(h.available("A"), 95);
}

TEST(Engine, does_not_judge_what_waited_too_long) {
    Harness h;
    h.add_product("A", 10);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    auto& late = h.make(Harness::order_of("A", 1));
    ASSERT_TRUE(h.submit(late));
    h.clock.advance_ms(6000);
    h.gate.open();
    h.sink.wait_for(h.submitted);
    ASSERT_NE(late.failure(), nullptr);
    EXPECT_EQ(*late.failure(), Failure::deadline_passed);
    EXPECT_EQ(h.available("A"), 9);
}

TEST(Engine, tries_a_conflicting_batch_again) {
    Harness h;
    h.add_product("A", 10);
    int conflicts = 3;
    h.fault = [&](std::uint64_t) { return conflicts-- > 0 ? CommitFault::conflict : CommitFault::none; };
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_EQ(h.available("A"), 9);
}

TEST(Engine, gives_up_a_batch_that_keeps_conflicting) {
    Harness h;
    h.add_product("A", 10);
    h.fault = [](std::uint64_t) { return CommitFault::conflict; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 1)).failure(), Failure::busy);
    h.fault = nullptr;
    EXPECT_NE(h.ask(Harness::order_of("A", 1)).order(), nullptr);
    EXPECT_EQ(h.available("A"), 9);
}

TEST(Engine, recovers_after_the_disk_was_full) {
    Harness h;
    h.add_product("A", 10);
    h.fault = [](std::uint64_t) { return CommitFault::full; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 1), 1, 1).failure(), Failure::storage_unavailable);
    h.fault = nullptr;
    const auto& again = h.ask(Harness::order_of("A", 1), 1, 1);
    EXPECT_NE(again.order(), nullptr);
    EXPECT_FALSE(again.answer.replayed);
    EXPECT_FALSE(h.engine.failed());
}

TEST(Engine, resolves_an_unknown_commit_that_was_applied) {
    Harness h;
    h.add_product("A", 10);
    bool once = true;
    h.fault = [&](std::uint64_t) {
        return std::exchange(once, false) ? CommitFault::unknown_applied : CommitFault::none;
    };
    const auto& request = h.ask(Harness::order_of("A", 4), 1, 1);
    ASSERT_NE(request.order(), nullptr);
    EXPECT_EQ(*h.ask(Harness::order_of("A", 4), 1, 1).order(), *request.order());
    EXPECT_EQ(h.available("A"), 6);
}

TEST(Engine, resolves_an_unknown_commit_that_was_lost) {
    Harness h;
    h.add_product("A", 10);
    bool once = true;
    h.fault = [&](std::uint64_t) { return std::exchange(once, false) ? CommitFault::unknown_lost : CommitFault::none; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 4), 1, 1).failure(), Failure::storage_unavailable);
    EXPECT_EQ(h.available("A"), 10);
    EXPECT_NE(h.ask(Harness::order_of("A", 4), 1, 1).order(), nullptr);
    EXPECT_EQ(h.available("A"), 6);
}

TEST(Engine, guesses_nothing_when_a_commit_stays_unknown) {
    Harness h;
    h.add_product("A", 10);
    h.fault = [](std::uint64_t) { return CommitFault::unknown_forever; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 4), 1, 1).failure(), Failure::outcome_unknown);
    EXPECT_TRUE(h.engine.failed());
    EXPECT_EQ(*h.ask(Harness::order_of("A", 1)).failure(), Failure::storage_unavailable);
}

TEST(Engine, stops_on_corrupt_data) {
    Harness h;
    h.add_product("A", 10);
    h.fault = [](std::uint64_t) { return CommitFault::corrupt; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 4)).failure(), Failure::storage_unavailable);
    EXPECT_TRUE(h.engine.failed());
}

TEST(Engine, fails_a_batch_whose_rows_cannot_be_loaded) {
    Harness h;
    h.add_product("A", 10);
    bool broken = true;
    h.store.on_load = [&] { return broken; };
    EXPECT_EQ(*h.ask(Harness::order_of("A", 4)).failure(), Failure::storage_unavailable);
    broken = false;
    EXPECT_NE(h.ask(Harness::order_of("A", 4)).order(), nullptr);
}

TEST(Engine, isolates_a_command_that_the_database_refuses) {
    Harness h;
    for (const char* sku : {"A", "BAD", "C"}) h.add_product(sku, 100);
    const auto bad = h.stock.key_of("BAD", "");
    h.store.rejects = [&](const domain::Changes& changes) { return changes.levels.contains(*bad); };
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    std::vector<TestRequest*> batch;
    for (int i = 0; i < 9; ++i) batch.push_back(&h.make(Harness::order_of(i == 4 ? "BAD" : i % 2 ? "A" : "C", 1)));
    for (auto* request : batch) ASSERT_TRUE(h.submit(*request));
    h.gate.open();
    h.sink.wait_for(h.submitted);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        EXPECT_EQ(batch[i]->order() != nullptr, i != 4) << i;
        EXPECT_EQ(batch[i]->answers, 1) << i;
    }
    EXPECT_EQ(*batch[4]->failure(), Failure::storage_unavailable);
}

TEST(Engine, answers_everything_it_took_before_it_stops) {
    Harness h;
    h.add_product("A", 100);
    h.gate.close();
    ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    h.gate.wait_until_reached();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(h.submit(h.make(Harness::order_of("A", 1))));
    std::thread stopper([&] { h.engine.stop(); });
    h.gate.open();
    stopper.join();
    h.sink.wait_for(h.submitted);
    for (const auto& request : h.requests) EXPECT_EQ(request->answers, 1);
    EXPECT_FALSE(h.submit(h.make(Harness::order_of("A", 1))));
    EXPECT_EQ(h.available("A"), 69);
}

TEST(Engine, publishes_a_dense_feed_in_order) {
    Harness h;
    h.add_product("A", 100);
    for (int i = 0; i < 5; ++i) h.ask(Harness::order_of("A", 1));
    h.engine.stop();
    domain::FeedSeq next = 1;
    for (const auto& batch : h.published) {
        EXPECT_EQ(batch->first, next);
        for (const auto& item : batch->items) EXPECT_EQ(domain::seq_of(item), next++);
    }
    EXPECT_EQ(h.stock.head(), next - 1);
    EXPECT_EQ(h.store.head(), next - 1);
}

TEST(Engine, keeps_judging_right_when_rows_must_be_loaded_again) {
    Harness h;
    h.store.exclusive = false;
    h.add_product("A", 3);
    int placed = 0;
    for (int i = 0; i < 5; ++i) placed += h.ask(Harness::order_of("A", 1)).order() != nullptr;
    EXPECT_EQ(placed, 3);
}

}  // namespace
}  // namespace onhand::engine
