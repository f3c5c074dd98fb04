#include "watch/delivery.hpp"

#include <gtest/gtest.h>

namespace onhand::bench::watch {
namespace {

using std::chrono::milliseconds;

const TimePoint zero = TimePoint() + std::chrono::hours(1);

TimePoint at(int ms) {
    return zero + milliseconds(ms);
}

// Orders 1 to 3 of the products 0 to 2, sent at 10, 20 and 30 ms; they have the feed numbers 11, 12 and 13.
DeliveryBook three_orders(int from = 0, int to = 1000) {
    DeliveryBook book(at(from), at(to));
    for (int i = 1; i <= 3; ++i) {
        book.sent(i, at(10 * i));
        book.told({10 + i, i, static_cast<std::size_t>(i - 1)});
    }
    return book;
}

TEST(DeliveryBook, counts_from_sending_until_the_stretch_with_the_order_came) {
    auto book = three_orders();
    EXPECT_EQ(book.close(), 0u);
    Deliveries deliveries;
    book.add({0, 3, {{at(15), 1, 11}, {at(37), 12, 13}}}, deliveries);
    EXPECT_EQ(deliveries.latencies.count(), 3u);
    EXPECT_EQ(deliveries.latencies.max(), 17'000u);
    EXPECT_EQ(deliveries.missed, 0u);
    EXPECT_GE(deliveries.worst_p99, 17'000u);
}

TEST(DeliveryBook, a_client_hears_only_of_the_products_it_watches) {
    auto book = three_orders();
    book.close();
    Deliveries deliveries;
    book.add({1, 2, {{at(40), 1, 13}}}, deliveries);
    EXPECT_EQ(deliveries.latencies.count(), 1u);
    EXPECT_EQ(deliveries.latencies.max(), 20'000u);
    EXPECT_EQ(deliveries.missed, 0u);
}

TEST(DeliveryBook, tells_what_a_client_missed) {
    auto book = three_orders();
    book.close();
    Deliveries deliveries;
    book.add({0, 3, {{at(15), 1, 11}, {at(37), 13, 13}}}, deliveries);
    EXPECT_EQ(deliveries.missed, 1u);
    book.add({0, 3, {}}, deliveries);
    EXPECT_EQ(deliveries.missed, 4u);
}

TEST(DeliveryBook, leaves_out_orders_that_were_sent_outside_of_the_measured_time) {
    auto book = three_orders(15, 30);
    EXPECT_EQ(book.close(), 0u);
    EXPECT_EQ(book.counted(), 1u);
}

TEST(DeliveryBook, tells_of_orders_that_have_no_feed_number) {
    auto book = three_orders();
    book.sent(4, at(40));
    EXPECT_EQ(book.close(), 1u);
}

}  // namespace
}  // namespace onhand::bench::watch
