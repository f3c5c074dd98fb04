#include "transport/live/subscription.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace onhand::live {
namespace {

struct SubscriptionTest : testing::Test {
    SubscriptionTest() {
        domain::Location main;
        main.id = domain::main_location;
        main.code = domain::main_location_code;
        stock.put_location(main);
        domain::Product pen;
        pen.id = domain::ProductId{7};
        pen.sku = "PEN";
        stock.put_product(pen);
        domain::StockLevel level;
        level.key = pen_key;
        stock.put_level(level);
        stock.set_head(1);
    }
    Result<Subscription, std::string> read(const char* text) {
        argument = boost::json::parse(text);
        return read_subscription(&argument, stock);
    }
    engine::StockView stock;
    boost::json::value argument;
    const domain::LevelKey pen_key{domain::ProductId{7}, domain::main_location};
    const domain::LevelKey other_key{domain::ProductId{8}, domain::main_location};
};

TEST_F(SubscriptionTest, reads_every_form) {
    EXPECT_EQ(read(R"({"stock":"all","orders":true,"after":5})")->after, 5);
    EXPECT_TRUE(read(R"({"orders":true})")->orders);
    EXPECT_EQ(read(R"({"stock":{"location":"MAIN"}})")->location, domain::main_location);
    EXPECT_EQ(read(R"({"stock":{"keys":[["PEN","MAIN"],["GONE","MAIN"]]}})")->keys, KeySet{pen_key});
    EXPECT_EQ(read("{}")->stock, Subscription::Stock::none);
}

TEST_F(SubscriptionTest, refuses_what_it_does_not_understand) {
    for (const char* bad :
         {"[]", "null", "7", R"({"stock":"some"})", R"({"stock":7})", R"({"stock":{}})", R"({"stock":{"keys":7}})",
          R"({"stock":{"keys":[7]}})", R"({"stock":{"keys":[["PEN"]]}})", R"({"stock":{"keys":[["PEN",7]]}})",
          R"({"stock":{"location":7}})", R"({"stock":{"keys":[],"location":"MAIN"}})", R"({"orders":"yes"})",
          R"({"after":-1})", R"({"after":"5"})", R"({"after":1.5})", R"({"after":99999999999999999999})",
          R"({"surprise":1})"})
        EXPECT_FALSE(read(bad)) << bad;
    EXPECT_FALSE(read_subscription(nullptr, stock));
    EXPECT_FALSE(read_watch(nullptr, stock));
    argument = boost::json::parse(R"({"keys":[],"more":1})");
    EXPECT_FALSE(read_watch(&argument, stock));
}

TEST_F(SubscriptionTest, bounds_the_number_of_keys) {
    boost::json::array keys;
    for (std::size_t i = 0; i < keys_max; ++i) keys.push_back({"PEN", "MAIN"});
    argument = boost::json::object{{"keys", keys}};
    EXPECT_TRUE(read_watch(&argument, stock));
    keys.push_back({"PEN", "MAIN"});
    argument = boost::json::object{{"keys", keys}};
    EXPECT_FALSE(read_watch(&argument, stock));
}

TEST_F(SubscriptionTest, tells_which_changes_concern_a_client) {
    const KeySet none;
    EXPECT_TRUE(concerns(*read(R"({"stock":"all"})"), none, other_key));
    EXPECT_TRUE(concerns(*read(R"({"stock":{"location":"MAIN"}})"), none, other_key));
    EXPECT_FALSE(concerns(*read(R"({"stock":{"location":"NOWHERE"}})"), none, other_key));
    EXPECT_FALSE(concerns(*read(R"({"stock":{"keys":[["PEN","MAIN"]]}})"), none, other_key));
    EXPECT_TRUE(concerns(*read(R"({"stock":{"keys":[["PEN","MAIN"]]}})"), none, pen_key));
    EXPECT_TRUE(concerns(*read("{}"), KeySet{other_key}, other_key));
    EXPECT_FALSE(concerns(*read("{}"), none, pen_key));
}

}  // namespace
}  // namespace onhand::live
