#include <gtest/gtest.h>

#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

using Pointers = std::vector<std::string>;

class Stock : public testing::Test {
  protected:
    Stock() {
        world.harness.add_product("B", 5);
        world.harness.add_product("A", 20);
        world.harness.add_product("C", 0);
    }

    FakeExchange list(const std::map<std::string, std::string>& query) {
        FakeExchange exchange(world, "GET", "/api/v1/stock");
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&list_stock);
        return exchange;
    }
    std::string skus(const std::map<std::string, std::string>& query) {
        auto exchange = list(query);
        EXPECT_EQ(exchange.status, 200) << exchange.text;
        std::string all;
        const auto document = exchange.json();
        for (const auto& item : document.at("items").as_array()) all += std::string(item.at("sku").as_string());
        return all;
    }
    FakeExchange detail(const std::string& sku, const std::map<std::string, std::string>& query = {},
                        std::string known = {}) {
        FakeExchange exchange(world, "GET", "/api/v1/stock/" + sku);
        exchange.with_parameter("sku", sku);
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        if (!known.empty()) exchange.with_if_none_match(std::move(known));
        exchange.run(&get_stock);
        return exchange;
    }
    FakeExchange adjust(std::string body) {
        FakeExchange exchange(world, "POST", "/api/v1/stock/adjustments");
        exchange.as(domain::Role::manager).with_body(std::move(body)).run(&adjust_stock);
        return exchange;
    }
    Pointers wrong_in(std::string body) {
        auto exchange = adjust(std::move(body));
        EXPECT_EQ(exchange.status, 400) << exchange.text;
        EXPECT_TRUE(exchange.commands.empty());
        return exchange.wrong();
    }

    World world;
};

}  // namespace

TEST_F(Stock, lists_levels_as_in_the_contract) {
    auto exchange = list({{"limit", "1"}, {"sku", "A"}});
    EXPECT_EQ(exchange.text,
              "{\"items\":[{\"sku\":\"A\",\"name\":\"Product A\",\"category\":\"\",\"location\":\"MAIN\","
              "\"on_hand\":20,\"unavailable\":0,\"held\":0,\"allocated\":0,\"available\":20,\"incoming\":0,"
              "\"reorder_point\":0,\"version\":1,\"updated_at\":\"2027-01-15T08:00:00.000Z\"}],\"head\":" +
                  std::to_string(world.harness.stock.head()) + ",\"next_cursor\":null,\"total\":1}");
}

TEST_F(Stock, sorts_by_the_columns_named_and_no_others) {
    EXPECT_EQ(skus({}), "ABC");
    EXPECT_EQ(skus({{"sort", "-sku"}}), "CBA");
    EXPECT_EQ(skus({{"sort", "available"}}), "CBA");
    EXPECT_EQ(skus({{"sort", "-on_hand"}}), "ABC");
    for (const auto* const column : {"name", "category", "held", "allocated", "-updated_at"})
        EXPECT_EQ(list({{"sort", column}}).status, 200) << column;
    for (const auto* const column : {"id", "--sku", "-", "SKU", "sku,name", "sku desc"})
        EXPECT_EQ(list({{"sort", column}}).wrong(), Pointers{"sort"}) << column;
}

TEST_F(Stock, filters_by_state_and_refuses_unknown_ones) {
    EXPECT_EQ(skus({{"state", "out"}}), "C");
    EXPECT_EQ(skus({{"state", "in"}}), "AB");
    EXPECT_EQ(skus({{"state", "low"}}), "");
    EXPECT_EQ(list({{"state", "gone"}}).wrong(), Pointers{"state"});
}

TEST_F(Stock, pages_by_cursor_and_by_offset) {
    auto first = list({{"limit", "2"}, {"sort", "-sku"}});
    EXPECT_EQ(first.json().at("total").as_int64(), 3);
    const auto cursor = std::string(first.json().at("next_cursor").as_string());
    EXPECT_EQ(skus({{"limit", "2"}, {"sort", "-sku"}, {"cursor", cursor}}), "A");
    EXPECT_EQ(skus({{"limit", "2"}, {"offset", "1"}}), "BC");
    EXPECT_EQ(skus({{"offset", "10000000"}}), "");
    EXPECT_EQ(list({{"limit", "2"}, {"sort", "sku"}, {"cursor", cursor}}).wrong(), Pointers{"cursor"});
    EXPECT_EQ(list({{"sort", "-sku"}, {"cursor", cursor}, {"offset", "1"}}).wrong(), Pointers{"cursor"});
}

TEST_F(Stock, bounds_limit_and_search) {
    for (const auto* const limit : {"0", "-1", "501", "1000000000", "", "x", "1.5", "99999999999999999999"})
        EXPECT_EQ(list({{"limit", limit}}).wrong(), Pointers{"limit"}) << limit;
    EXPECT_EQ(list({{"search", std::string(10'240, 'a')}}).wrong(), Pointers{"search"});
    EXPECT_EQ(list({{"search", "\xFF"}}).wrong(), Pointers{"search"});
    EXPECT_EQ(list({{"search", "a\nb"}}).wrong(), Pointers{"search"});
    for (const auto* const search : {"%", "_", "\\", "' OR 1=1 --", "(a+)+$"})
        EXPECT_EQ(skus({{"search", search}}), "") << search;
}

TEST_F(Stock, tells_all_levels_of_a_product_with_their_sum) {
    auto exchange = detail("A");
    EXPECT_EQ(exchange.status, 200);
    EXPECT_EQ(boost::json::serialize(exchange.json().at("totals")),
              "{\"on_hand\":20,\"unavailable\":0,\"held\":0,\"allocated\":0,\"available\":20,\"incoming\":0}");
    EXPECT_EQ(detail("none").code(), "unknown_sku");
    EXPECT_EQ(detail("A", {{"location", "MAIN"}}).json().at("items").as_array().size(), 1U);
    EXPECT_EQ(detail("A", {{"location", "NOWHERE"}}).code(), "unknown_location");
}

TEST_F(Stock, tags_the_levels_so_that_every_change_shows) {
    const auto tag = detail("A").headers["ETag"];
    EXPECT_EQ(detail("A", {}, tag).status, 304);
    adjust("{\"sku\":\"A\",\"delta\":1,\"reason\":\"correction\"}");
    EXPECT_EQ(detail("A", {}, tag).status, 200);
    const auto second = detail("A").headers["ETag"];
    FakeExchange rename(world, "PATCH", "/api/v1/products/A");
    rename.with_parameter("sku", "A").with_if_match("\"1\"").with_body("{\"name\":\"Other\"}").run(&update_product);
    ASSERT_EQ(rename.status, 200) << rename.text;
    EXPECT_EQ(detail("A", {}, second).status, 200);
}

TEST_F(Stock, adjusts_and_answers_movement_and_level) {
    auto exchange = adjust("{\"sku\":\"A\",\"delta\":-3,\"reason\":\"damaged\",\"note\":\"dropped\"}");
    ASSERT_EQ(exchange.status, 201) << exchange.text;
    const auto movement = exchange.json().at("movement");
    EXPECT_EQ(movement.at("kind").as_string(), "adjusted");
    EXPECT_EQ(movement.at("quantity").as_int64(), 3);
    EXPECT_EQ(movement.at("delta").as_int64(), -3);
    EXPECT_EQ(movement.at("from").as_string(), "MAIN");
    EXPECT_EQ(movement.at("to").as_string(), "adjustment");
    EXPECT_EQ(movement.at("reason").as_string(), "damaged");
    EXPECT_EQ(movement.at("note").as_string(), "dropped");
    EXPECT_EQ(movement.at("actor").as_string(), "01930000-0000-7000-8000-000000000003");
    EXPECT_EQ(movement.at("after").at("on_hand").as_int64(), 17);
    EXPECT_EQ(exchange.json().at("level").at("version").as_int64(), 2);
}

TEST_F(Stock, takes_deltas_within_bounds_and_in_the_direction_of_the_reason) {
    const auto body_of = [](const std::string& delta, const std::string& reason) {
        return "{\"sku\":\"A\",\"delta\":" + delta + ",\"reason\":\"" + reason + "\"}";
    };
    for (const auto* const delta : {"0", "-0", "1.0", "1e1", "1000000000001", "-1000000000001", "\"1\"", "null"})
        EXPECT_EQ(wrong_in(body_of(delta, "correction")), Pointers{"/delta"}) << delta;
    EXPECT_EQ(wrong_in(body_of("1", "damaged")), Pointers{"/delta"});
    EXPECT_EQ(wrong_in(body_of("-1", "found")), Pointers{"/delta"});
    for (const auto* const reason : {"", "none", "order_placed", "import", "DAMAGED", "because"})
        EXPECT_EQ(wrong_in(body_of("1", reason)), Pointers{"/reason"}) << reason;
    EXPECT_EQ(wrong_in(body_of("1", "other")), Pointers{"/note"});
    EXPECT_EQ(wrong_in("{}"), (Pointers{"/sku", "/delta", "/reason"}));
    EXPECT_EQ(wrong_in("{\"sku\":\"A\",\"delta\":1,\"reason\":\"correction\",\"expected_version\":-1,\"on_hand\":1}"),
              (Pointers{"/expected_version", "/on_hand"}));
}

TEST_F(Stock, refuses_a_stale_version_with_the_present_level) {
    auto exchange = adjust("{\"sku\":\"A\",\"delta\":1,\"reason\":\"correction\",\"expected_version\":7}");
    EXPECT_EQ(exchange.status, 412);
    EXPECT_EQ(exchange.code(), "version_mismatch");
    EXPECT_EQ(exchange.json().at("current").at("version").as_int64(), 1);
    EXPECT_EQ(exchange.json().at("current").at("sku").as_string(), "A");
}

TEST_F(Stock, refuses_to_take_what_is_promised_or_not_there) {
    EXPECT_EQ(adjust("{\"sku\":\"B\",\"delta\":-6,\"reason\":\"correction\"}").status, 409);
    EXPECT_EQ(adjust("{\"sku\":\"X\",\"delta\":1,\"reason\":\"correction\"}").code(), "unknown_sku");
    EXPECT_EQ(adjust("{\"sku\":\"B\",\"location\":\"X\",\"delta\":1,\"reason\":\"correction\"}").code(),
              "unknown_location");
}

}  // namespace onhand::http
