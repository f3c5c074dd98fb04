#pragma once
// The part of the contract suite that places random orders and compares every list a reader can ask for with the naive
// model of contract_driver.hpp. Belongs to contract_test.hpp; an adapter's test file includes both.

#include "storage/contract_test.hpp"
#include "storage/random_trade.hpp"

namespace onhand::storage {

inline std::string describe(const domain::OrderFilter& f) {
    return "status " + std::to_string(f.status ? static_cast<int>(*f.status) : -1) + " search '" + f.search +
           "' product " + std::to_string(f.product ? domain::raw(*f.product) : -1) + " placed_by " +
           std::to_string(f.placed_by ? domain::raw(*f.placed_by) : -1) + " before " + std::to_string(f.before) +
           " limit " + std::to_string(f.limit) + " offset " + std::to_string(f.offset);
}

inline std::string describe(const domain::MovementFilter& f) {
    return "product " + std::to_string(f.product ? domain::raw(*f.product) : -1) + " location " +
           std::to_string(f.location ? domain::raw(*f.location) : -1) + " order " +
           (f.order ? to_string(*f.order) : "-") + " after " + std::to_string(f.after.value_or(-1)) + " before " +
           std::to_string(f.before) + " limit " + std::to_string(f.limit);
}

class StorageContractLists : public StorageContract {
  protected:
    void compare_lists(const std::vector<domain::FeedItem>& items, RandomTrade& trade, int questions) {
        const auto head = store().head();
        for (int i = 0; i < questions; ++i) {
            const auto orders = trade.order_filter(head);
            const auto page = read().orders(orders);
            ASSERT_TRUE(page.has_value()) << page.error().detail;
            const auto expected = naive_orders(items, orders);
            ASSERT_EQ(texts_of(page->rows), texts_of(expected.rows)) << describe(orders);
            ASSERT_EQ(page->total, expected.total) << describe(orders);
            ASSERT_EQ(page->more, expected.more) << describe(orders);

            const auto movements = trade.movement_filter(head);
            const auto ledger = read().movements(movements);
            ASSERT_TRUE(ledger.has_value()) << ledger.error().detail;
            const auto wanted = naive_movements(items, movements);
            ASSERT_EQ(texts_of(ledger->rows), texts_of(wanted.rows)) << describe(movements);
            ASSERT_EQ(ledger->more, wanted.more) << describe(movements);
        }
    }
};

TEST_P(StorageContractLists, agree_with_the_naive_model_after_any_history) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        under_test_ = GetParam().make();
        Driver driver(*under_test_);
        RandomTrade trade(driver, seed);
        trade.set_up();
        for (int round = 0; round < 12; ++round) {
            for (int i = 0; i < 6; ++i) trade.step(12);
            under_test_->shake(trade.below(UINT64_MAX));
            if (round == 6) driver.reopen();
            compare_lists(driver.items, trade, 12);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(StorageContractLists, agree_with_the_naive_model_over_many_orders) {
    driver_.make_product("A", 100'000);
    std::vector<Uuid> orders;
    domain::PlaceOrder one;
    one.lines = {{"A", "", 1}};
    const auto outcomes = driver_.run(std::vector<Driver::Wish>(900, Driver::Wish{one, {}, {}, driver_.actor}));
    for (const auto& outcome : outcomes) orders.push_back(std::get<domain::OrderDone>(outcome).order.id);
    under_test_->shake(UINT64_MAX);
    std::vector<Driver::Wish> changes;
    for (std::size_t i = 0; i < orders.size(); i += 7) changes.push_back({domain::CancelOrder{orders[i]}});
    driver_.run(changes);
    for (int i = 0; i < 2; ++i) {
        for (const auto status : {domain::OrderStatus::placed, domain::OrderStatus::cancelled}) {
            domain::OrderFilter filter;
            filter.status = status;
            filter.offset = 110;
            const auto page = read().orders(filter);
            ASSERT_TRUE(page.has_value()) << page.error().detail;
            const auto expected = naive_orders(driver_.items, filter);
            EXPECT_EQ(page->total, expected.total);
            EXPECT_EQ(texts_of(page->rows), texts_of(expected.rows));
        }
        // Once with the changes in the tail, once with all of them applied.
        under_test_->shake(static_cast<std::uint64_t>(store().head()));
        driver_.reopen();
    }
}

TEST_P(StorageContractLists, what_was_committed_is_listed_at_once) {
    driver_.make_product("A", 1000);
    for (int i = 1; i <= 20; ++i) {
        const auto order = driver_.place("A", 1);
        const auto page = read().orders({});
        ASSERT_TRUE(page.has_value());
        ASSERT_EQ(page->total, i);
        ASSERT_EQ(page->rows.front().order.id, order.id);
        domain::OrderFilter shipped;
        shipped.status = domain::OrderStatus::fulfilled;
        driver_.run(domain::FulfilOrder{order.id, {}});
        ASSERT_EQ(read().orders(shipped)->total, i);
        if (i % 7 == 0) under_test_->shake(static_cast<std::uint64_t>(i));
    }
}

}  // namespace onhand::storage
