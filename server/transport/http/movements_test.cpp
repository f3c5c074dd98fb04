#include <gtest/gtest.h>

#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

using Pointers = std::vector<std::string>;

class Ledger : public testing::Test {
  protected:
    Ledger() {
        world.harness.add_product("A", 10);
        world.harness.add_product("B", 10);
        FakeExchange order(world, "POST", "/api/v1/orders");
        order.with_body("{\"lines\":[{\"sku\":\"A\",\"quantity\":2},{\"sku\":\"B\",\"quantity\":3}]}")
            .run(&place_order);
        order_id = std::string(order.json().at("id").as_string());
    }

    FakeExchange list(const std::map<std::string, std::string>& query) {
        FakeExchange exchange(world, "GET", "/api/v1/movements");
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&list_movements);
        return exchange;
    }
    static std::vector<std::int64_t> seqs(const FakeExchange& exchange) {
        std::vector<std::int64_t> all;
        const auto document = exchange.json();
        for (const auto& item : document.at("items").as_array()) all.push_back(item.at("seq").as_int64());
        return all;
    }
    FakeExchange feed(const std::map<std::string, std::string>& query) {
        FakeExchange exchange(world, "GET", "/api/v1/feed");
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&read_feed);
        return exchange;
    }

    World world;
    std::string order_id;
};

using Feed = Ledger;

}  // namespace

TEST_F(Ledger, tells_a_movement_in_full) {
    auto exchange = list({{"sku", "A"}, {"limit", "1"}});
    ASSERT_EQ(exchange.status, 200) << exchange.text;
    const auto item = exchange.json().at("items").at(0);
    EXPECT_EQ(item.at("kind").as_string(), "allocated");
    EXPECT_EQ(item.at("sku").as_string(), "A");
    EXPECT_EQ(item.at("location").as_string(), "MAIN");
    EXPECT_EQ(item.at("quantity").as_int64(), 2);
    EXPECT_EQ(item.at("delta").as_int64(), 0);
    EXPECT_EQ(item.at("from").as_string(), "MAIN");
    EXPECT_EQ(item.at("to").as_string(), "MAIN");
    EXPECT_EQ(item.at("reason").as_string(), "order_placed");
    EXPECT_TRUE(item.at("note").is_null());
    EXPECT_EQ(item.at("cause").at("type").as_string(), "order");
    EXPECT_EQ(item.at("cause").at("id").as_string(), order_id);
    EXPECT_EQ(boost::json::serialize(item.at("after")),
              "{\"on_hand\":10,\"unavailable\":0,\"held\":0,\"allocated\":2,\"available\":8,\"incoming\":0}");
    EXPECT_EQ(item.at("version").as_int64(), 2);
    EXPECT_EQ(item.at("at").as_string(), "2027-01-15T08:00:00.000Z");
}

TEST_F(Ledger, runs_backwards_and_forwards_page_by_page) {
    const auto all = seqs(list({}));
    ASSERT_EQ(all.size(), 4U);
    EXPECT_TRUE(std::ranges::is_sorted(all, std::greater<>()));
    auto newest = list({{"limit", "3"}});
    const auto cursor = std::string(newest.json().at("next_cursor").as_string());
    EXPECT_EQ(seqs(list({{"limit", "3"}, {"cursor", cursor}})), std::vector<std::int64_t>{all[3]});
    auto forward = list({{"after", "0"}, {"limit", "3"}});
    EXPECT_EQ(seqs(forward), (std::vector<std::int64_t>{all[3], all[2], all[1]}));
    const auto onwards = std::string(forward.json().at("next_cursor").as_string());
    EXPECT_NE(forward.headers["Link"].find("?after=0&limit=3&cursor=" + onwards), std::string::npos);
    EXPECT_EQ(seqs(list({{"after", "0"}, {"limit", "3"}, {"cursor", onwards}})), std::vector<std::int64_t>{all[0]});
    EXPECT_EQ(list({{"cursor", onwards}}).wrong(), Pointers{"cursor"});
    EXPECT_EQ(seqs(list({{"after", "9223372036854775807"}})), std::vector<std::int64_t>{});
}

TEST_F(Ledger, filters_by_what_moved_where_and_why) {
    EXPECT_EQ(seqs(list({{"order", order_id}})).size(), 2U);
    EXPECT_EQ(seqs(list({{"order", order_id}, {"sku", "B"}})).size(), 1U);
    EXPECT_EQ(seqs(list({{"location", "MAIN"}})).size(), 4U);
    EXPECT_EQ(list({{"sku", "none"}}).text, "{\"items\":[],\"next_cursor\":null}");
    EXPECT_EQ(list({{"location", "none"}}).text, "{\"items\":[],\"next_cursor\":null}");
    EXPECT_EQ(list({{"order", "1"}, {"after", "-1"}, {"limit", "0"}}).wrong(), (Pointers{"order", "after", "limit"}));
    world.reads_fail = true;
    EXPECT_EQ(list({}).status, 503);
}

TEST_F(Feed, is_dense_and_tells_every_kind) {
    FakeExchange location(world, "POST", "/api/v1/locations");
    location.with_body("{\"code\":\"EAST\",\"name\":\"East\"}").run(&create_location);
    auto exchange = feed({{"after", "0"}});
    ASSERT_EQ(exchange.status, 200) << exchange.text;
    std::string kinds;
    std::int64_t expected = 1;
    const auto document = exchange.json();
    for (const auto& item : document.at("items").as_array()) {
        EXPECT_EQ(item.at("seq").as_int64(), expected++);
        EXPECT_EQ(item.at("at").as_string(), "2027-01-15T08:00:00.000Z");
        kinds += std::string(item.at("kind").as_string()) + " ";
    }
    EXPECT_EQ(document.at("head").as_int64(), expected - 1);
    for (const auto* const kind :
         {"product.created ", "stock.changed stock.changed order.placed ", "location.created "})
        EXPECT_NE(kinds.find(kind), std::string::npos) << kinds;
}

TEST_F(Feed, tells_a_change_of_stock_with_the_movement_behind_it) {
    const auto head = world.harness.stock.head();
    auto exchange = feed({{"after", std::to_string(head - 2)}, {"limit", "1"}});
    const auto item = exchange.json().at("items").at(0);
    const auto movement_id = std::string(item.at("movement").at("id").as_string());
    EXPECT_EQ(exchange.text,
              "{\"items\":[{\"seq\":" + std::to_string(head - 1) +
                  ",\"kind\":\"stock.changed\",\"at\":\"2027-01-15T08:00:00.000Z\",\"movement\":{\"id\":\"" +
                  movement_id +
                  "\",\"kind\":\"allocated\",\"quantity\":3,\"delta\":0,\"from\":\"MAIN\",\"to\":\"MAIN\","
                  "\"reason\":\"order_placed\",\"note\":null},\"level\":{\"sku\":\"B\",\"location\":\"MAIN\","
                  "\"on_hand\":10,\"unavailable\":0,\"held\":0,\"allocated\":3,\"available\":7,\"incoming\":0,"
                  "\"version\":2,\"updated_at\":\"2027-01-15T08:00:00.000Z\"},\"cause\":{\"type\":\"order\",\"id\":\"" +
                  order_id +
                  "\",\"actor\":\"01930000-0000-7000-8000-000000000004\"}}],\"head\":" + std::to_string(head) + "}");
}

TEST_F(Feed, ends_at_the_head_and_refuses_wrong_numbers) {
    const auto head = world.harness.stock.head();
    EXPECT_EQ(feed({{"after", std::to_string(head)}}).text, "{\"items\":[],\"head\":" + std::to_string(head) + "}");
    EXPECT_EQ(feed({{"after", "-1"}, {"limit", "501"}}).wrong(), (Pointers{"after", "limit"}));
    EXPECT_EQ(feed({{"after", "9223372036854775808"}}).wrong(), Pointers{"after"});
    world.reads_fail = true;
    EXPECT_EQ(feed({}).status, 503);
}

}  // namespace onhand::http
