#include "transport/http/json_out.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace onhand::http {

namespace {

domain::StockLevel a_level() {
    domain::StockLevel level;
    level.on_hand = 1'000'000'000'000;
    level.unavailable = 1;
    level.held = 2;
    level.allocated = 3;
    level.incoming = 4;
    level.version = 9;
    level.updated_at = 1'800'000'000'123;
    return level;
}

std::string kind_of_order(domain::OrderEvent::Kind kind) {
    domain::OrderEvent event;
    event.kind = kind;
    return std::string(kind_of(domain::FeedItem(event)));
}

std::string kind_of_product(domain::ProductEvent::Kind kind) {
    domain::ProductEvent event;
    event.kind = kind;
    return std::string(kind_of(domain::FeedItem(event)));
}

}  // namespace

TEST(AppendChange, tells_absolute_values) {
    std::string out;
    append_change(out, 77, "a\"b", "MAIN", a_level());
    EXPECT_EQ(out,
              "{\"seq\":77,\"sku\":\"a\\\"b\",\"location\":\"MAIN\",\"on_hand\":1000000000000,\"unavailable\":1,"
              "\"held\":2,\"allocated\":3,\"available\":999999999994,\"incoming\":4,\"version\":9}");
}

TEST(AppendLevel, escapes_what_people_wrote) {
    domain::LevelView view;
    view.level = a_level();
    view.sku = "\\";
    view.name = "</script>\xF0\x9F\x98\x80";
    view.category = "a/b";
    view.location = "\x7F";
    std::string out;
    append_level(out, view);
    const auto value = boost::json::parse(out);
    EXPECT_EQ(value.at("sku").as_string(), "\\");
    EXPECT_EQ(value.at("name").as_string(), "</script>\xF0\x9F\x98\x80");
    EXPECT_EQ(value.at("location").as_string(), "\x7F");
    EXPECT_EQ(value.at("updated_at").as_string(), "2027-01-15T08:00:00.123Z");
}

TEST(AppendOrder, tells_null_for_an_unknown_account) {
    domain::Order order;
    std::string out;
    append_order(out, order, engine::AccountBook());
    const auto value = boost::json::parse(out);
    EXPECT_TRUE(value.at("placed_by").is_null());
    EXPECT_TRUE(value.at("lines").as_array().empty());
}

TEST(AppendMovement, has_no_number_before_it_is_stored) {
    domain::Movement movement;
    movement.kind = domain::MovementKind::received;
    movement.quantity = 5;
    movement.from = static_cast<std::int64_t>(domain::Place::supplier);
    movement.to = 1;
    std::string out;
    append_movement(out, movement, "A", "MAIN", engine::AccountBook());
    const auto value = boost::json::parse(out);
    EXPECT_TRUE(value.at("seq").is_null());
    EXPECT_TRUE(value.at("reason").is_null());
    EXPECT_TRUE(value.at("actor").is_null());
    EXPECT_TRUE(value.at("cause").at("id").is_null());
    EXPECT_EQ(value.at("from").as_string(), "supplier");
    EXPECT_EQ(value.at("to").as_string(), "MAIN");
    EXPECT_EQ(value.at("delta").as_int64(), 5);
    movement.seq = 12;
    out.clear();
    append_movement(out, movement, "A", "MAIN", engine::AccountBook());
    EXPECT_EQ(boost::json::parse(out).at("seq").as_int64(), 12);
}

TEST(KindOf, names_every_item_of_the_feed) {
    using Order = domain::OrderEvent::Kind;
    using Product = domain::ProductEvent::Kind;
    EXPECT_EQ(kind_of(domain::FeedItem(domain::Movement())), "stock.changed");
    EXPECT_EQ(kind_of_order(Order::placed), "order.placed");
    EXPECT_EQ(kind_of_order(Order::fulfilled), "order.fulfilled");
    EXPECT_EQ(kind_of_order(Order::cancelled), "order.cancelled");
    EXPECT_EQ(kind_of_product(Product::created), "product.created");
    EXPECT_EQ(kind_of_product(Product::updated), "product.updated");
    EXPECT_EQ(kind_of_product(Product::archived), "product.archived");
    EXPECT_EQ(kind_of(domain::FeedItem(domain::LocationEvent())), "location.created");
}

TEST(RenderRefusal, leaves_other_outcomes_alone) {
    const engine::AccountBook accounts;
    std::int32_t status = 0;
    std::string body;
    EXPECT_FALSE(render_refusal(domain::Done(), {accounts, "t"}, status, body));
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(
        render_refusal(domain::Refusal{domain::RefusalCode::not_found, "Gone."}, {accounts, "t"}, status, body));
    EXPECT_EQ(status, 404);
    EXPECT_EQ(body,
              "{\"type\":\"/docs/problems/not_found\",\"title\":\"Not found\",\"status\":404,\"detail\":\"Gone.\","
              "\"code\":\"not_found\",\"trace_id\":\"t\"}");
}

}  // namespace onhand::http
