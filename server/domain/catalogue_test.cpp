#include "domain/catalogue.hpp"

#include <gtest/gtest.h>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

TEST(Code, is_visible_text_within_its_bound) {
    const std::string good[] = {"A",
                                "a-1/2_x",
                                "two words",
                                "\xC3\xA9",
                                "e\xCC\x81",
                                "\xD0\xB0",
                                "\xF0\x9F\x8D\x8E",
                                "' OR 1=1 --",
                                "\"; DROP TABLE",
                                "$1",
                                "%s%n",
                                "{{7*7}}",
                                "\\",
                                "`",
                                "<script>",
                                "../1",
                                std::string(64, 'x')};
    for (const auto& text : good) EXPECT_TRUE(is_code(text, sku_bytes_max)) << text;
    const std::string bad[] = {"",
                               " ",
                               "A ",
                               " A",
                               "A\t",
                               "A\n",
                               std::string("A\0B", 3),
                               "\x7F",
                               "\xFF",
                               "\xED\xA0\x80",
                               "A\xC2\xA0",
                               ("A\xE2\x80\x8D"
                                "B"),
                               ("A\xE2\x80\xAE"
                                "B"),
                               ("\xEF\xBB\xBF"
                                "A"),
                               ("A\xC2\xAD"
                                "B"),
                               "\xE3\x80\x80",
                               "A\xF3\xA0\x81\x81",
                               "A\xC2\x85",
                               std::string(65, 'x')};
    for (const auto& text : bad) EXPECT_FALSE(is_code(text, sku_bytes_max)) << text;
    EXPECT_TRUE(is_code(std::string(256, 'x'), 256));
    EXPECT_FALSE(is_code(std::string(257, 'x'), 256));
}

TEST(Amount, is_a_plain_decimal) {
    for (const auto* const good : {"0", "12", "12.5", "0.0001", "999999999999", "999999999999.9999", "0.00"})
        EXPECT_TRUE(is_amount(good)) << good;
    for (const auto* const bad : {"", ".", ".5", "5.", "-0.00", "+1", "00", "01.5", "1e308", "1,000", "1.23456",
                                  "1000000000000", " 1", "1 ", "1.2.3", "NaN", "0x1"})
        EXPECT_FALSE(is_amount(bad)) << bad;
}

TEST(Currency, is_three_capital_letters) {
    EXPECT_TRUE(is_currency("EUR"));
    for (const auto* const bad : {"", "eur", "EU", "EURO", "E1R", "\xE2\x82\xAC"})
        EXPECT_FALSE(is_currency(bad)) << bad;
}

TEST(CreateProduct, brings_its_opening_stock) {
    Shop shop;
    shop.run({{create("C", "EAST 4, MAIN 0, EAST 3"), "product C v1"}});
    EXPECT_EQ(shop.stock("C", "EAST"), "7-0=7 v1") << "entries of one location are added up";
    EXPECT_EQ(shop.stock("C", "MAIN"), "0-0=0 v0") << "the default location shows an empty level";
    const auto& items = shop.last_items();
    ASSERT_EQ(items.size(), 2U) << "no movement for nothing";
    EXPECT_EQ(std::get<ProductEvent>(items[0]).product.sku, "C");
    const auto& movement = std::get<Movement>(items[1]);
    EXPECT_EQ(movement.kind, MovementKind::received);
    EXPECT_EQ(movement.from, static_cast<std::int64_t>(Place::supplier));
    EXPECT_EQ(movement.reason, Reason::opening_stock);
    EXPECT_EQ(movement.cause.type, CauseType::product);
    EXPECT_EQ(shop.last_changes().levels.size(), 2U);
}

TEST(CreateProduct, without_stock_is_seen_as_out_at_the_default_location) {
    Shop shop;
    shop.run({{create("C"), "product C v1"}});
    ASSERT_EQ(shop.last_changes().levels.size(), 1U);
    const auto& level = shop.last_changes().levels.begin()->second;
    EXPECT_EQ(level.version, 0);
    EXPECT_EQ(level.key.location, main_location);
    EXPECT_EQ(shop.last_items().size(), 1U);
}

TEST(CreateProduct, refuses_a_taken_sku_even_when_archived) {
    Shop shop;
    shop.run({{create("A"), "already_exists /sku"}, {archive("EMPTY", 1), "product EMPTY v2 archived"}});
    const auto outcome = shop.decide(create("EMPTY")(shop));
    EXPECT_EQ(said(outcome), "already_exists /sku");
    EXPECT_NE(refusal(outcome)->detail.find("archived"), std::string::npos);
    shop.run({{create("a"), "product a v1"}});  // SKUs are compared byte for byte
}

TEST(CreateProduct, holds_opening_stock_to_its_bounds) {
    Shop shop;
    shop.run({
        {create("C", "WEST 1"), "unknown_location /opening_stock/0/location"},
        {create("C", "MAIN 1, MAIN -1"), "invalid_request /opening_stock/1/quantity"},
        {create("C", "MAIN 1000000000001"), "invalid_request /opening_stock/0/quantity"},
        {create("C", "MAIN 9223372036854775807"), "invalid_request /opening_stock/0/quantity"},
        {create("C", "MAIN 1000000000000, EAST 1, MAIN 1"), "invalid_request /opening_stock/2/quantity"},
        {create("C", "MAIN 1000000000000"), "product C v1"},
    });
    CreateProduct command{.opening_stock = std::vector<OpeningStock>(order_lines_max + 1)};
    command.product = {.sku = "D", .name = "D"};
    EXPECT_EQ(said(shop.decide(command)), "invalid_request /opening_stock");
}

TEST(CreateProduct, holds_fields_to_their_bounds) {
    Shop shop;
    const Product good{.sku = "C", .name = "C"};
    struct {
        const char* expected;
        void (*spoil)(Product&);
    } const cases[] = {
        {"invalid_request /sku", [](Product& p) { p.sku = "C "; }},
        {"invalid_request /name", [](Product& p) { p.name.clear(); }},
        {"invalid_request /name", [](Product& p) { p.name.assign(257, 'n'); }},
        {"invalid_request /name", [](Product& p) { p.name = "\xFF"; }},
        {"invalid_request /category", [](Product& p) { p.category.assign(129, 'c'); }},
        {"invalid_request /barcode", [](Product& p) { p.barcode.assign(65, 'b'); }},
        {"invalid_request /unit_price/amount", [](Product& p) { p.unit_price = {"1e308", "EUR"}; }},
        {"invalid_request /unit_price/amount", [](Product& p) { p.unit_price = {"", "EUR"}; }},
        {"invalid_request /unit_price/currency", [](Product& p) { p.unit_price = {"1.00", ""}; }},
        {"invalid_request /attributes", [](Product& p) { p.attributes.assign(8193, 'a'); }},
        {"invalid_request /reorder_point", [](Product& p) { p.reorder_point = -1; }},
        {"invalid_request /reorder_point", [](Product& p) { p.reorder_point = quantity_max + 1; }},
    };
    for (const auto& test : cases) {
        CreateProduct command{.product = good};
        test.spoil(command.product);
        EXPECT_EQ(said(shop.decide(command)), test.expected);
    }
    EXPECT_EQ(said(shop.decide(CreateProduct{.product = good})), "product C v1");
}

TEST(UpdateProduct, changes_the_given_fields_at_the_expected_version) {
    Shop shop;
    shop.run({
        {the(UpdateProduct{.sku = "A", .expected_version = 1, .name = "Apple", .reorder_point = 3}), "product A v2"},
        {the(UpdateProduct{.sku = "A", .expected_version = 1, .name = "Pear"}), "version_mismatch now v2"},
        {the(UpdateProduct{.sku = "A", .expected_version = 3, .name = "Pear"}), "version_mismatch now v2"},
        {the(UpdateProduct{.sku = "A", .expected_version = 2, .unit_price = Money{"1.50", "EUR"}}), "product A v3"},
        {the(UpdateProduct{.sku = "A", .expected_version = 3, .name = ""}), "invalid_request /name"},
        {the(UpdateProduct{.sku = "NONE", .expected_version = 1}), "unknown_sku"},
    });
    const auto* const product = shop.book().find_product("A");
    EXPECT_EQ(product->name, "Apple");
    EXPECT_EQ(product->reorder_point, 3);
    EXPECT_EQ(product->unit_price, (Money{"1.50", "EUR"}));
}

TEST(UpdateProduct, with_nothing_new_keeps_the_version_and_says_nothing) {
    Shop shop;
    shop.run({{the(UpdateProduct{.sku = "A", .expected_version = 1}), "product A v1"},
              {the(UpdateProduct{.sku = "A", .expected_version = 1, .name = "Product A"}), "product A v1"}});
    EXPECT_TRUE(shop.last_changes().empty());
}

TEST(UpdateProduct, restores_an_archived_product) {
    Shop shop;
    const auto restore = [](std::int64_t version) {
        return the(UpdateProduct{.sku = "EMPTY", .expected_version = version, .restores = true});
    };
    shop.run({
        {restore(1), "product EMPTY v1"},
        {archive("EMPTY", 1), "product EMPTY v2 archived"},
        {create("EMPTY"), "already_exists /sku"},
        {restore(1), "version_mismatch now v2"},
        {restore(2), "product EMPTY v3"},
        {adjust("EMPTY", 4, Reason::found), "adjusted EMPTY@MAIN +4: 4 v1"},
        {place("EMPTY 4"), "order 1001 placed v1: EMPTY@MAIN 4"},
        {the(UpdateProduct{.sku = "NONE", .expected_version = 1, .restores = true}), "unknown_sku"},
    });
}

TEST(ArchiveProduct, waits_until_nothing_is_left) {
    Shop shop;
    shop.run({
        {archive("B", 1), "invalid_state"},
        {place("B 5"), "order 1001 placed v1: B@MAIN 5"},
        {fulfil(1001), "order 1001 fulfilled v2: B@MAIN 5 f5"},
        {archive("B", 1), "invalid_state"},  // two are left at EAST
        {adjust("B@EAST", -2, Reason::scrapped), "adjusted B@EAST -2: 0 v2"},
        {archive("B", 2), "version_mismatch now v1"},
        {archive("B", 1), "product B v2 archived"},
        {archive("B", 2), "unknown_sku"},
        {the(UpdateProduct{.sku = "B", .expected_version = 2, .name = "B"}), "unknown_sku"},
        {archive("NONE", 1), "unknown_sku"},
    });
    const auto outcome = shop.decide(archive("A", 1)(shop));
    EXPECT_EQ(refusal(outcome)->detail, "SKU A still has 10 on hand, 0 promised and 0 incoming.");
}

TEST(CreateLocation, makes_a_place_for_stock) {
    Shop shop;
    shop.run({
        {create_location("WEST"), "location WEST"},
        {create_location("WEST"), "already_exists /code"},
        {create_location("MAIN"), "already_exists /code"},
        {create_location(""), "invalid_request /code"},
        {create_location("W "), "invalid_request /code"},
        {the(CreateLocation{.code = std::string(33, 'W'), .name = "West"}), "invalid_request /code"},
        {the(CreateLocation{.code = "W", .name = ""}), "invalid_request /name"},
        {adjust("A@WEST", 2), "adjusted A@WEST +2: 2 v1"},
    });
}

}  // namespace
}  // namespace onhand::domain
