#include "transport/live/encoder.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace onhand::live {
namespace {

namespace json = boost::json;

constexpr int products = 50;

domain::LevelKey key_of(int product) {
    return {domain::ProductId{product}, domain::main_location};
}

// Changes of all products, numbered as they are, told to clients with different wishes.
struct EncoderTest : testing::Test {
    EncoderTest() {
        domain::Location main;
        main.id = domain::main_location;
        main.code = domain::main_location_code;
        stock.put_location(main);
        for (int i = 1; i <= products; ++i) {
            domain::Product product;
            product.id = domain::ProductId{i};
            product.sku = "P" + std::to_string(i);
            stock.put_product(product);
            domain::StockLevel level;
            level.key = key_of(i);
            stock.put_level(level);
            changes.add(LevelChange{i, level});
        }
    }

    // The feed numbers that a client is told.
    std::vector<std::int64_t> told(Encoder& encoder, const Subscription& subscription, const KeySet& watched = {}) {
        std::vector<std::int64_t> seqs;
        const auto* event = encoder.stock_event(subscription, watched, 1);
        if (event == nullptr) return seqs;
        const auto body = json::parse(event->json()).at(1);
        EXPECT_EQ(body.at("from").as_int64(), 1);
        EXPECT_EQ(body.at("to").as_int64(), products);
        for (const auto& change : body.at("changes").as_array()) seqs.push_back(change.at("seq").as_int64());
        return seqs;
    }

    static Subscription of_rows(const std::vector<int>& rows) {
        Subscription subscription;
        subscription.stock = Subscription::Stock::keys;
        std::vector<domain::LevelKey> keys;
        for (const int row : rows) keys.push_back(key_of(row));
        subscription.keys = KeySet(std::move(keys));
        return subscription;
    }

    engine::StockView stock;
    engine::AccountBook accounts;
    ChangeSet changes;
};

TEST_F(EncoderTest, tells_few_rows_in_feed_order_and_each_once) {
    Encoder encoder(changes, products, stock, accounts);
    const std::vector<std::int64_t> expected{3, 17, 42};
    EXPECT_EQ(told(encoder, of_rows({42, 3}), {key_of(17), key_of(3)}), expected);
}

TEST_F(EncoderTest, tells_the_same_whether_rows_or_changes_are_fewer) {
    Encoder encoder(changes, products, stock, accounts);
    std::vector<int> many;
    std::vector<std::int64_t> expected;
    for (int i = 1; i <= products; ++i) many.push_back(i);
    for (int i = 1; i <= products; ++i) expected.push_back(i);
    for (int i = products + 1; i <= 2 * products; ++i) many.push_back(i);
    EXPECT_EQ(told(encoder, of_rows(many)), expected);
    Subscription everything;
    everything.stock = Subscription::Stock::all;
    EXPECT_EQ(told(encoder, everything), expected);
    Subscription location;
    location.stock = Subscription::Stock::location;
    location.location = domain::main_location;
    EXPECT_EQ(told(encoder, location), expected);
    location.location = domain::LocationId{77};
    EXPECT_EQ(told(encoder, location, {key_of(5)}), std::vector<std::int64_t>{5});
}

TEST_F(EncoderTest, has_nothing_for_who_is_not_concerned) {
    Encoder encoder(changes, products, stock, accounts);
    EXPECT_EQ(encoder.stock_event(of_rows({products + 1}), {}, 1), nullptr);
    EXPECT_EQ(encoder.stock_event(Subscription(), {}, 1), nullptr);
    Subscription everything;
    everything.stock = Subscription::Stock::all;
    const ChangeSet nothing;
    Encoder quiet(nothing, products, stock, accounts);
    EXPECT_EQ(quiet.stock_event(everything, {}, 1), nullptr);
}

TEST_F(EncoderTest, clients_with_the_same_wishes_and_position_share_the_bytes) {
    Encoder encoder(changes, products, stock, accounts);
    Subscription everything;
    everything.stock = Subscription::Stock::all;
    const auto* const whole = encoder.stock_event(everything, {}, 1);
    EXPECT_EQ(encoder.stock_event(everything, {}, 1), whole);
    EXPECT_NE(encoder.stock_event(everything, {}, 2), whole);
    const auto* const rows = encoder.stock_event(of_rows({1, 2}), {}, 1);
    EXPECT_EQ(encoder.stock_event(of_rows({2}), {key_of(1)}, 1), rows);
    EXPECT_NE(encoder.stock_event(of_rows({2}), {}, 1), rows);
}

}  // namespace
}  // namespace onhand::live
