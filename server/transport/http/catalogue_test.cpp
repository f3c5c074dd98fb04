#include <gtest/gtest.h>

#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

using Pointers = std::vector<std::string>;

class Catalogue : public testing::Test {
  protected:
    FakeExchange create(std::string body) {
        FakeExchange exchange(world, "POST", "/api/v1/products");
        exchange.as(domain::Role::manager).with_body(std::move(body)).run(&create_product);
        return exchange;
    }
    Pointers wrong_in(std::string body) {
        auto exchange = create(std::move(body));
        EXPECT_EQ(exchange.status, 400) << exchange.text;
        EXPECT_TRUE(exchange.commands.empty());
        return exchange.wrong();
    }
    FakeExchange get(const std::string& sku, std::string known = {}) {
        FakeExchange exchange(world, "GET", "/api/v1/products/" + sku);
        exchange.with_parameter("sku", sku);
        if (!known.empty()) exchange.with_if_none_match(std::move(known));
        exchange.run(&get_product);
        return exchange;
    }
    FakeExchange patch(const std::string& sku, const std::optional<std::string>& if_match, std::string body) {
        FakeExchange exchange(world, "PATCH", "/api/v1/products/" + sku);
        exchange.with_parameter("sku", sku).with_body(std::move(body));
        if (if_match) exchange.with_if_match(*if_match);
        exchange.run(&update_product);
        return exchange;
    }
    FakeExchange archive(const std::string& sku, const std::string& if_match) {
        FakeExchange exchange(world, "DELETE", "/api/v1/products/" + sku);
        exchange.with_parameter("sku", sku).with_if_match(if_match).run(&archive_product);
        return exchange;
    }
    FakeExchange list(const std::map<std::string, std::string>& query) {
        FakeExchange exchange(world, "GET", "/api/v1/products");
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&list_products);
        return exchange;
    }

    World world;
};

}  // namespace

TEST_F(Catalogue, creates_a_product_and_gives_it_back) {
    auto exchange = create(
        "{\"sku\":\"a/b 1\",\"name\":\"Lamp\",\"category\":\"Light\",\"barcode\":\"0012\",\"unit_price\":{\"amount\":"
        "\"12.50\",\"currency\":\"EUR\"},\"attributes\":{\"colour\" : [\"red\", 1.50]},\"reorder_point\":4,"
        "\"opening_stock\":[{\"location\":\"MAIN\",\"quantity\":9}]}");
    ASSERT_EQ(exchange.status, 201) << exchange.text;
    EXPECT_EQ(exchange.headers["Location"], "/api/v1/products/a%2Fb%201");
    const std::string product =
        "{\"sku\":\"a/b 1\",\"name\":\"Lamp\",\"category\":\"Light\",\"barcode\":\"0012\",\"unit_price\":{\"amount\":"
        "\"12.50\",\"currency\":\"EUR\"},\"attributes\":{\"colour\":[\"red\",1.50]},\"reorder_point\":4,"
        "\"archived\":false,\"version\":1,\"created_at\":\"2027-01-15T08:00:00.000Z\","
        "\"updated_at\":\"2027-01-15T08:00:00.000Z\"}";
    EXPECT_EQ(exchange.text, product);
    auto read = get("a/b 1");
    EXPECT_EQ(read.text, product);
    EXPECT_EQ(read.headers["ETag"], "\"1\"");
    EXPECT_EQ(get("a/b 1", "\"7\", W/\"1\"").status, 304);
    EXPECT_EQ(world.harness.stock.level("a/b 1", "MAIN")->level.on_hand, 9);
    EXPECT_EQ(list({{"category", "Light"}}).text, "{\"items\":[" + product + "],\"next_cursor\":null,\"total\":1}");
}

TEST_F(Catalogue, a_product_needs_no_more_than_sku_and_name) {
    auto exchange = create("{\"sku\":\"A\",\"name\":\"a\"}");
    ASSERT_EQ(exchange.status, 201) << exchange.text;
    EXPECT_TRUE(exchange.json().at("unit_price").is_null());
    EXPECT_EQ(boost::json::serialize(exchange.json().at("attributes")), "{}");
    EXPECT_EQ(create("{\"sku\":\"A\",\"name\":\"again\"}").code(), "already_exists");
    EXPECT_EQ(create("{\"sku\":\"a\",\"name\":\"another\"}").status, 201);
}

TEST_F(Catalogue, lists_all_wrong_fields_of_a_new_product) {
    EXPECT_EQ(wrong_in("{}"), (Pointers{"/sku", "/name"}));
    EXPECT_EQ(wrong_in("{\"sku\":\" \",\"name\":\"\",\"category\":1,\"barcode\":true,\"unit_price\":12.5,"
                       "\"attributes\":[],\"reorder_point\":-1,\"opening_stock\":{},\"version\":3,\"archived\":true}"),
              (Pointers{"/sku", "/name", "/category", "/barcode", "/unit_price", "/attributes", "/reorder_point",
                        "/opening_stock", "/version", "/archived"}));
    EXPECT_EQ(wrong_in("{\"sku\":\"A\",\"name\":\"a\",\"opening_stock\":[{\"quantity\":1.5},{\"location\":\"\"}]}"),
              (Pointers{"/opening_stock/0/quantity", "/opening_stock/1/location", "/opening_stock/1/quantity"}));
}

TEST_F(Catalogue, takes_prices_as_decimal_texts_only) {
    const auto body_of = [](const std::string& price) {
        return "{\"sku\":\"A\",\"name\":\"a\",\"unit_price\":" + price + "}";
    };
    for (const auto* const amount : {"\"\"", "\"-0.00\"", "\"1,000\"", "\"1e308\"", "\"0.00001\"", "\"01\"", "\"+1\"",
                                     "\" 1\"", "\"NaN\"", "\"1234567890123\"", "12.5", "0.30000000000000004"})
        EXPECT_EQ(wrong_in(body_of("{\"amount\":" + std::string(amount) + ",\"currency\":\"EUR\"}")),
                  Pointers{"/unit_price/amount"})
            << amount;
    for (const auto* const currency : {"\"eur\"", "\"EURO\"", "\"\"", "978"})
        EXPECT_EQ(wrong_in(body_of("{\"amount\":\"1\",\"currency\":" + std::string(currency) + "}")),
                  Pointers{"/unit_price/currency"})
            << currency;
    EXPECT_EQ(wrong_in(body_of("{\"amount\":\"1\",\"currency\":\"EUR\",\"tax\":1}")), Pointers{"/unit_price/tax"});
    EXPECT_EQ(create(body_of("{\"amount\":\"0.001\",\"currency\":\"EUR\"}")).status, 201);
}

TEST_F(Catalogue, bounds_texts_and_attributes) {
    const auto body_of = [](const std::string& name, const std::string& value) {
        return "{\"sku\":\"A\",\"" + name + "\":" + value + (name == "name" ? "}" : ",\"name\":\"a\"}");
    };
    const auto text = [](std::size_t size) { return '"' + std::string(size, 'x') + '"'; };
    EXPECT_EQ(wrong_in(body_of("name", text(257))), Pointers{"/name"});
    EXPECT_EQ(wrong_in(body_of("category", text(129))), Pointers{"/category"});
    EXPECT_EQ(wrong_in(body_of("barcode", text(65))), Pointers{"/barcode"});
    EXPECT_EQ(wrong_in(body_of("attributes", "{\"a\":" + text(8192) + "}")), Pointers{"/attributes"});
    EXPECT_EQ(create(body_of("attributes", "{\"a\":" + text(8192 - 8) + "}")).status, 201);
}

TEST_F(Catalogue, changes_only_what_is_named_and_only_the_version_that_was_read) {
    create(
        "{\"sku\":\"A\",\"name\":\"a\",\"category\":\"c\",\"barcode\":\"1\",\"unit_price\":{\"amount\":\"1\","
        "\"currency\":\"EUR\"}}");
    EXPECT_EQ(patch("A", std::nullopt, "{\"name\":\"b\"}").status, 428);
    EXPECT_EQ(patch("A", std::nullopt, "{\"name\":\"b\"}").code(), "version_required");
    for (const auto* const tag : {"*", "1", "\"\"", "\"-1\"", "\"x\"", "\"1\", \"2\"", "W/\"1\""})
        EXPECT_EQ(patch("A", tag, "{\"name\":\"b\"}").wrong(), Pointers{"If-Match"}) << tag;
    auto changed = patch("A", "\"1\"", "{\"name\":\"b\",\"unit_price\":null,\"category\":null}");
    ASSERT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.json().at("name").as_string(), "b");
    EXPECT_EQ(changed.json().at("category").as_string(), "");
    EXPECT_EQ(changed.json().at("barcode").as_string(), "1");
    EXPECT_TRUE(changed.json().at("unit_price").is_null());
    auto stale = patch("A", "\"1\"", "{\"name\":\"c\"}");
    EXPECT_EQ(stale.status, 412);
    EXPECT_EQ(stale.json().at("current").at("version").as_int64(), 2);
    EXPECT_EQ(stale.json().at("current").at("name").as_string(), "b");
}

TEST_F(Catalogue, refuses_changes_of_nothing_and_of_what_never_changes) {
    create("{\"sku\":\"A\",\"name\":\"a\"}");
    EXPECT_EQ(patch("A", "\"1\"", "{}").wrong(), Pointers{""});
    EXPECT_EQ(patch("A", "\"1\"", "{\"sku\":\"B\",\"opening_stock\":[]}").wrong(),
              (Pointers{"/sku", "/opening_stock"}));
    EXPECT_EQ(patch("A", "\"1\"", "{\"name\":null}").wrong(), Pointers{"/name"});
    EXPECT_EQ(patch("A", "\"1\"", "{\"name\":\"\"}").wrong(), Pointers{"/name"});
    EXPECT_EQ(patch("B", "\"1\"", "{\"name\":\"b\"}").code(), "unknown_sku");
}

TEST_F(Catalogue, archives_a_product_without_stock) {
    create("{\"sku\":\"A\",\"name\":\"a\"}");
    create("{\"sku\":\"B\",\"name\":\"b\",\"opening_stock\":[{\"quantity\":1}]}");
    EXPECT_EQ(archive("A", "\"9\"").status, 412);
    auto gone = archive("A", "\"1\"");
    EXPECT_EQ(gone.status, 204) << gone.text;
    EXPECT_EQ(gone.text, "");
    EXPECT_EQ(archive("B", "\"1\"").status, 409);
    EXPECT_EQ(list({}).json().at("total").as_int64(), 1);
    EXPECT_EQ(list({{"archived", "true"}}).json().at("items").at(0).at("sku").as_string(), "A");
    EXPECT_EQ(list({{"archived", "maybe"}}).wrong(), Pointers{"archived"});
}

TEST_F(Catalogue, restores_an_archived_product_and_changes_it_in_one_go) {
    create("{\"sku\":\"A\",\"name\":\"a\"}");
    ASSERT_EQ(archive("A", "\"1\"").status, 204);
    EXPECT_EQ(patch("A", "\"2\"", "{\"name\":\"b\"}").code(), "unknown_sku");
    EXPECT_EQ(patch("A", "\"2\"", "{\"archived\":true}").wrong(), Pointers{"/archived"});
    EXPECT_EQ(patch("A", "\"2\"", "{\"archived\":0}").wrong(), Pointers{"/archived"});
    auto stale = patch("A", "\"1\"", "{\"archived\":false}");
    EXPECT_EQ(stale.status, 412);
    EXPECT_TRUE(stale.json().at("current").at("archived").as_bool());
    auto back = patch("A", "\"2\"", "{\"archived\":false,\"name\":\"b\"}");
    ASSERT_EQ(back.status, 200) << back.text;
    EXPECT_FALSE(back.json().at("archived").as_bool());
    EXPECT_EQ(back.json().at("name").as_string(), "b");
    EXPECT_EQ(back.json().at("version").as_int64(), 3);
    EXPECT_EQ(list({}).json().at("total").as_int64(), 1);
    EXPECT_EQ(list({{"archived", "true"}}).json().at("total").as_int64(), 0);
    auto same = patch("A", "\"3\"", "{\"archived\":false}");
    EXPECT_EQ(same.json().at("version").as_int64(), 3) << "what is not archived stays as it is";
}

TEST_F(Catalogue, lists_categories_in_use) {
    create("{\"sku\":\"A\",\"name\":\"a\",\"category\":\"Z \\\"z\\\"\"}");
    create("{\"sku\":\"B\",\"name\":\"b\",\"category\":\"Y\"}");
    FakeExchange exchange(world, "GET", "/api/v1/categories");
    exchange.run(&list_categories);
    EXPECT_EQ(exchange.text, "{\"items\":[\"Y\",\"Z \\\"z\\\"\"],\"next_cursor\":null}");
}

TEST_F(Catalogue, creates_and_lists_locations) {
    FakeExchange made(world, "POST", "/api/v1/locations");
    made.with_body("{\"code\":\"EAST\",\"name\":\"East wing\"}").run(&create_location);
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.text,
              "{\"code\":\"EAST\",\"name\":\"East wing\",\"version\":1,\"created_at\":\"2027-01-15T08:00:00.000Z\"}");
    FakeExchange again(world, "POST", "/api/v1/locations");
    again.with_body("{\"code\":\"EAST\",\"name\":\"x\"}").run(&create_location);
    EXPECT_EQ(again.code(), "already_exists");
    FakeExchange wrong(world, "POST", "/api/v1/locations");
    wrong.with_body("{\"code\":\"" + std::string(33, 'x') + "\",\"id\":1}").run(&create_location);
    EXPECT_EQ(wrong.wrong(), (Pointers{"/code", "/name", "/id"}));
    FakeExchange first(world, "GET", "/api/v1/locations");
    first.with_query("limit", "1").run(&list_locations);
    EXPECT_EQ(first.json().at("items").at(0).at("code").as_string(), "EAST");
    EXPECT_EQ(first.json().at("total").as_int64(), 2);
    FakeExchange second(world, "GET", "/api/v1/locations");
    second.with_query("limit", "1").with_query("cursor", std::string(first.json().at("next_cursor").as_string()));
    second.run(&list_locations);
    EXPECT_EQ(second.json().at("items").at(0).at("code").as_string(), "MAIN");
}

TEST_F(Catalogue, answers_503_while_the_store_cannot_be_read) {
    create("{\"sku\":\"A\",\"name\":\"a\"}");
    world.reads_fail = true;
    for (const auto& exchange : {list({}), get("A")}) {
        EXPECT_EQ(exchange.status, 503);
        EXPECT_EQ(exchange.code(), "storage_unavailable");
        EXPECT_EQ(exchange.text.find("secret"), std::string::npos);
    }
}

}  // namespace onhand::http
