#include <gtest/gtest.h>

#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

using Pointers = std::vector<std::string>;

class Orders : public testing::Test {
  protected:
    Orders() { world.harness.add_product("SKU-1", 10); }

    FakeExchange post(std::string body) {
        FakeExchange exchange(world, "POST", "/api/v1/orders");
        exchange.as(domain::Role::clerk).with_body(std::move(body)).run(&place_order);
        return exchange;
    }
    Pointers wrong_in(std::string body) {
        auto exchange = post(std::move(body));
        EXPECT_EQ(exchange.status, 400) << exchange.text;
        EXPECT_TRUE(exchange.commands.empty());
        return exchange.wrong();
    }
    std::string place(int quantity) {
        auto exchange = post("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":" + std::to_string(quantity) + "}]}");
        EXPECT_EQ(exchange.status, 201) << exchange.text;
        return std::string(exchange.json().at("id").as_string());
    }
    FakeExchange change(Handler handler, const std::string& id, std::string body = {},
                        domain::Role role = domain::Role::manager) {
        FakeExchange exchange(world, "POST", "/api/v1/orders/" + id + "/change");
        exchange.as(role).with_parameter("id", id).with_body(std::move(body)).run(handler);
        return exchange;
    }
    FakeExchange list(const std::map<std::string, std::string>& query) {
        FakeExchange exchange(world, "GET", "/api/v1/orders");
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&list_orders);
        return exchange;
    }

    World world;
};

}  // namespace

TEST_F(Orders, answers_a_placed_order_in_full) {
    auto exchange = post(
        "{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":3}],\"reference\":\"R-1\",\"customer\":\"Zo\xC3\xAB\","
        "\"note\":null}");
    ASSERT_EQ(exchange.status, 201) << exchange.text;
    const auto id = std::string(exchange.json().at("id").as_string());
    EXPECT_EQ(exchange.headers["Location"], "/api/v1/orders/" + id);
    EXPECT_EQ(exchange.text,
              "{\"id\":\"" + id +
                  "\",\"number\":1001,\"status\":\"placed\",\"lines\":[{\"sku\":\"SKU-1\",\"location\":\"MAIN\","
                  "\"quantity\":3,\"allocated\":3,\"fulfilled\":0,\"cancelled\":0,\"returned\":0}],"
                  "\"reference\":\"R-1\",\"customer\":\"Zo\xC3\xAB\",\"note\":null,"
                  "\"placed_by\":\"01930000-0000-7000-8000-000000000002\","
                  "\"placed_at\":\"2027-01-15T08:00:00.000Z\",\"updated_at\":\"2027-01-15T08:00:00.000Z\","
                  "\"version\":1}");
}

TEST_F(Orders, is_the_same_order_however_its_json_is_written) {
    const std::string canonical = R"({"lines":[{"sku":"SKU-1","quantity":1}],"customer":"Zo)"
                                  "\xC3\xAB\"}";
    EXPECT_EQ(post(canonical).compared_as, canonical);
    EXPECT_EQ(post("{ \"lines\" : [\n{\"sku\": \"SKU\\u002d1\", \"quantity\": 1}],\t\"customer\":\"Zo\\u00eb\"} ")
                  .compared_as,
              canonical);
    EXPECT_NE(post(R"({"customer":"Zo\u00eb","lines":[{"sku":"SKU-1","quantity":1}]})").compared_as, canonical);
}

TEST_F(Orders, refuses_what_is_not_available_and_says_what_is) {
    auto exchange = post("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":11}]}");
    EXPECT_EQ(exchange.status, 409);
    EXPECT_EQ(exchange.type, "application/problem+json");
    EXPECT_EQ(exchange.code(), "insufficient_stock");
    EXPECT_EQ(exchange.headers.count("Location"), 0U);
    const auto shortages = boost::json::serialize(exchange.json().at("shortages"));
    EXPECT_EQ(shortages, "[{\"sku\":\"SKU-1\",\"location\":\"MAIN\",\"requested\":11,\"available\":10}]");
}

TEST_F(Orders, adds_up_lines_with_the_same_sku_and_location) {
    auto exchange = post(
        "{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":6},{\"sku\":\"SKU-1\",\"location\":\"MAIN\",\"quantity\":5}]}");
    EXPECT_EQ(exchange.code(), "insufficient_stock");
    EXPECT_EQ(exchange.json().at("shortages").at(0).at("requested").as_int64(), 11);
}

TEST_F(Orders, refuses_a_body_that_is_not_json_or_not_an_object) {
    EXPECT_EQ(post("").code(), "malformed_json");
    EXPECT_EQ(post("{\"lines\":[}").code(), "malformed_json");
    EXPECT_EQ(post("{\"lines\":[],\"lines\":[]}").code(), "malformed_json");
    EXPECT_EQ(wrong_in("[]"), Pointers{""});
    EXPECT_EQ(wrong_in("null"), Pointers{""});
    EXPECT_EQ(wrong_in("7"), Pointers{""});
}

TEST_F(Orders, takes_whole_quantities_within_their_bounds_only) {
    for (const auto* const quantity :
         {"0", "-1", "-0", "1.0", "1e2", "1000001", "2147483648", "9007199254740993", "9223372036854775807",
          "9223372036854775808", "18446744073709551616", "\"1\"", "true", "null", "[1]", "{}"}) {
        const auto body = "{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":" + std::string(quantity) + "}]}";
        EXPECT_EQ(wrong_in(body), Pointers{"/lines/0/quantity"}) << quantity;
    }
    EXPECT_EQ(post("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":1000000}]}").status, 409);
}

TEST_F(Orders, refuses_sums_over_the_bound_of_a_line) {
    auto exchange = post("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":1000000},{\"sku\":\"SKU-1\",\"quantity\":1}]}");
    EXPECT_EQ(exchange.status, 400) << exchange.text;
    EXPECT_EQ(exchange.code(), "invalid_request");
}

TEST_F(Orders, takes_one_to_two_hundred_lines) {
    const auto body_of = [](int count) {
        std::string body = "{\"lines\":[";
        for (int i = 0; i < count; ++i) body += std::string(i > 0 ? "," : "") + "{\"sku\":\"SKU-1\",\"quantity\":1}";
        return body + "]}";
    };
    EXPECT_EQ(wrong_in(body_of(0)), Pointers{"/lines"});
    EXPECT_EQ(post(body_of(200)).code(), "insufficient_stock");
    EXPECT_EQ(wrong_in(body_of(201)), Pointers{"/lines"});
    EXPECT_EQ(wrong_in(body_of(10'000)), Pointers{"/lines"});
}

TEST_F(Orders, lists_all_wrong_fields_at_once) {
    const auto wrong = wrong_in(
        "{\"lines\":[{\"sku\":\"\",\"quantity\":1},{\"quantity\":2},{\"sku\":\"A\",\"quantity\":0,\"price\":1}],"
        "\"reference\":7,\"id\":\"x\",\"status\":\"fulfilled\",\"placed_by\":null,\"version\":9}");
    EXPECT_EQ(wrong, (Pointers{"/lines/0/sku", "/lines/1/sku", "/lines/2/quantity", "/lines/2/price", "/reference",
                               "/id", "/status", "/placed_by", "/version"}));
}

TEST_F(Orders, refuses_skus_that_could_not_exist_and_knows_those_that_do_not) {
    const std::string joined = "SK\xE2\x80\x8DU-1";
    for (const std::string& sku : {std::string(" SKU-1"), std::string("SKU-1 "), std::string("SKU\\t1"), joined,
                                   std::string("SKU\xC2\xA0"
                                               "1"),
                                   std::string("\xE2\x80\xAESKU"), std::string(65, 'x')})
        EXPECT_EQ(wrong_in("{\"lines\":[{\"sku\":\"" + sku + "\",\"quantity\":1}]}"), Pointers{"/lines/0/sku"}) << sku;
    for (const std::string sku :
         {"sku-1", "' OR 1=1 --", "$1", "{{7*7}}", "<script>", "\xD0\xA1KU-1", "\xF0\x9F\x98\x80"})
        EXPECT_EQ(post("{\"lines\":[{\"sku\":\"" + sku + "\",\"quantity\":1}]}").code(), "unknown_sku") << sku;
    EXPECT_EQ(post("{\"lines\":[{\"sku\":\"SKU-1\",\"location\":\"NOWHERE\",\"quantity\":1}]}").code(),
              "unknown_location");
}

TEST_F(Orders, bounds_the_texts) {
    const auto body_of = [](const char* name, std::size_t size) {
        return "{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":1}],\"" + std::string(name) + "\":\"" +
               std::string(size, 'x') + "\"}";
    };
    EXPECT_EQ(wrong_in(body_of("reference", 129)), Pointers{"/reference"});
    EXPECT_EQ(wrong_in(body_of("customer", 257)), Pointers{"/customer"});
    EXPECT_EQ(wrong_in(body_of("note", 1025)), Pointers{"/note"});
    EXPECT_EQ(post(body_of("reference", 128)).status, 201);
    EXPECT_EQ(post(body_of("customer", 256)).status, 201);
    EXPECT_EQ(post(body_of("note", 1024)).status, 201);
    EXPECT_EQ(wrong_in("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":1}],\"note\":\"a\\u0007b\"}"), Pointers{"/note"});
}

TEST_F(Orders, gives_an_order_with_its_etag_and_304_to_who_has_it) {
    const auto id = place(2);
    FakeExchange first(world, "GET", "/api/v1/orders/" + id);
    first.with_parameter("id", id).run(&get_order);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.headers["ETag"], "\"1\"");
    FakeExchange again(world, "GET", "/api/v1/orders/" + id);
    again.with_parameter("id", id).with_if_none_match("\"1\"").run(&get_order);
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.text, "");
}

TEST_F(Orders, knows_no_order_by_a_strange_id) {
    for (const std::string id : {"", "0", "-1", "9223372036854775808", "../1", "01930000-0000-4000-8000-000000000001",
                                 "01930000-0000-7000-8000-00000000ffff", "{01930000-0000-7000-8000-000000000001}"}) {
        for (const Handler handler : {&get_order, &fulfil_order, &cancel_order}) {
            auto exchange = change(handler, id);
            EXPECT_EQ(exchange.status, 404) << id;
            EXPECT_EQ(exchange.code(), "not_found") << id;
        }
    }
}

TEST_F(Orders, fulfils_everything_or_the_lines_named) {
    const auto id = place(5);
    auto part = change(&fulfil_order, id, "{\"lines\":[{\"sku\":\"SKU-1\",\"location\":\"MAIN\",\"quantity\":2}]}");
    ASSERT_EQ(part.status, 200) << part.text;
    EXPECT_EQ(part.json().at("status").as_string(), "partially_fulfilled");
    EXPECT_EQ(part.json().at("lines").at(0).at("allocated").as_int64(), 3);
    auto rest = change(&fulfil_order, id);
    EXPECT_EQ(rest.json().at("status").as_string(), "fulfilled");
    auto late = change(&cancel_order, id, "{}");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.code(), "invalid_state");
}

TEST_F(Orders, an_empty_list_of_lines_does_not_mean_everything) {
    const auto id = place(5);
    auto exchange = change(&fulfil_order, id, "{\"lines\":[]}");
    EXPECT_EQ(exchange.status, 400);
    EXPECT_EQ(exchange.wrong(), Pointers{"/lines"});
    EXPECT_TRUE(exchange.commands.empty());
}

TEST_F(Orders, cancels_own_orders_only_unless_manager) {
    FakeExchange placed(world, "POST", "/api/v1/orders");
    placed.as(domain::Role::manager).with_body("{\"lines\":[{\"sku\":\"SKU-1\",\"quantity\":1}]}").run(&place_order);
    const auto id = std::string(placed.json().at("id").as_string());
    auto other = change(&cancel_order, id, "", domain::Role::clerk);
    EXPECT_EQ(other.status, 403);
    EXPECT_EQ(other.code(), "forbidden");
    auto own = change(&cancel_order, id, "", domain::Role::manager);
    EXPECT_EQ(own.status, 200);
    EXPECT_EQ(own.json().at("status").as_string(), "cancelled");
    auto unknown_field = change(&cancel_order, id, "{\"why\":1}");
    EXPECT_EQ(unknown_field.wrong(), Pointers{"/why"});
}

TEST_F(Orders, lists_newest_first_page_by_page) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(place(1));
    auto first = list({{"limit", "2"}, {"status", "placed"}});
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_EQ(first.json().at("items").at(0).at("id").as_string(), ids[4]);
    EXPECT_EQ(first.json().at("total").as_int64(), 5);
    const auto cursor = std::string(first.json().at("next_cursor").as_string());
    EXPECT_EQ(first.headers["Link"], "</api/v1/orders?status=placed&limit=2&cursor=" + cursor + ">; rel=\"next\"");
    auto second = list({{"limit", "2"}, {"status", "placed"}, {"cursor", cursor}});
    EXPECT_EQ(second.json().at("items").at(0).at("id").as_string(), ids[2]);
    const auto last_cursor = std::string(second.json().at("next_cursor").as_string());
    auto last = list({{"limit", "2"}, {"status", "placed"}, {"cursor", last_cursor}});
    EXPECT_EQ(last.json().at("items").as_array().size(), 1U);
    EXPECT_TRUE(last.json().at("next_cursor").is_null());
    EXPECT_EQ(last.headers.count("Link"), 0U);
}

TEST_F(Orders, filters_by_product_and_by_who_placed_them) {
    place(1);
    EXPECT_EQ(list({{"sku", "SKU-1"}}).json().at("total").as_int64(), 1);
    EXPECT_EQ(list({{"sku", "NONE"}}).text, "{\"items\":[],\"next_cursor\":null,\"total\":0}");
    EXPECT_EQ(list({{"mine", "true"}}).json().at("total").as_int64(), 0);
    EXPECT_EQ(list({{"mine", "false"}}).json().at("total").as_int64(), 1);
}

TEST_F(Orders, refuses_wrong_parameters_of_the_list) {
    auto exchange = list({{"status", "lost"}, {"limit", "501"}, {"offset", "-1"}, {"cursor", "forged"}, {"mine", "1"}});
    EXPECT_EQ(exchange.status, 400);
    EXPECT_EQ(exchange.wrong(), (Pointers{"status", "mine", "limit", "offset", "cursor", "cursor"}));
}

TEST_F(Orders, answers_503_while_the_store_cannot_be_read) {
    const auto id = place(1);
    world.reads_fail = true;
    for (const auto& exchange : {list({}), change(&get_order, id)}) {
        EXPECT_EQ(exchange.status, 503);
        EXPECT_EQ(exchange.code(), "storage_unavailable");
    }
}

}  // namespace onhand::http
