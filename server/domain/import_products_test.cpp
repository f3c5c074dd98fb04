#include <gtest/gtest.h>

#include "domain/testing/scenario.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

// A row as a file gives it; an empty name is a cell that was not there.
ImportRow row(std::int64_t line, std::string_view sku, std::string_view name, std::string_view location = "",
              std::optional<Quantity> quantity = std::nullopt) {
    ImportRow result{.line = line, .sku = std::string(sku), .location = std::string(location), .quantity = quantity};
    if (!name.empty()) result.name = name;
    return result;
}

Wish import(std::vector<ImportRow> rows, bool partial = false, bool dry_run = false) {
    return the(ImportProducts{.rows = std::move(rows), .dry_run = dry_run, .partial = partial});
}

TEST(ImportProducts, creates_and_updates) {
    Shop shop;
    shop.run({
        {import({row(2, "C", "Cherry", "", 4), row(3, "A", "Apple"), row(4, "B", "Product B", "EAST", 9),
                 row(5, "EMPTY", "")}),
         "import 4 rows, 1 created, 2 updated, 1 skipped, applied"},
    });
    EXPECT_EQ(shop.stock("C"), "4-0=4 v1");
    EXPECT_EQ(shop.stock("B", "EAST"), "9-0=9 v2");
    EXPECT_EQ(shop.book().find_product("A")->name, "Apple");
    EXPECT_EQ(shop.book().find_product("A")->version, 2);
    EXPECT_EQ(shop.book().find_product("B")->version, 1) << "only its stock changed";
}

TEST(ImportProducts, tells_the_products_before_their_stock) {
    Shop shop;
    shop.run({{import({row(2, "A", "", "", 12), row(3, "C", "Cherry", "EAST", 4)}),
               "import 2 rows, 1 created, 1 updated, 0 skipped, applied"}});
    const auto& items = shop.last_items();
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(std::get<ProductEvent>(items[0]).kind, ProductEvent::Kind::created);
    const auto& count = std::get<Movement>(items[1]);
    EXPECT_EQ(count.kind, MovementKind::counted);
    EXPECT_EQ(count.quantity, 2);
    EXPECT_EQ(count.reason, Reason::import);
    const auto& received = std::get<Movement>(items[2]);
    EXPECT_EQ(received.kind, MovementKind::received);
    EXPECT_EQ(received.reason, Reason::opening_stock);
    EXPECT_EQ(received.cause.type, CauseType::import);
    EXPECT_EQ(received.cause, count.cause) << "one import, one document";
    EXPECT_EQ(shop.stock("C", "MAIN"), "0-0=0 v0") << "a new product always has a level at the default location";
}

TEST(ImportProducts, gives_one_product_stock_at_several_locations) {
    Shop shop;
    shop.run({{import({row(2, "C", "Cherry", "MAIN", 4), row(3, "C", "", "EAST", 0), row(4, "D", "Date", "EAST", 0)}),
               "import 3 rows, 2 created, 0 updated, 1 skipped, applied"}});
    EXPECT_EQ(shop.book().find_product("C")->version, 1);
    EXPECT_EQ(shop.last_items().size(), 3U);
    shop.run({{import({row(2, "C", "Cherries", "MAIN", 1), row(3, "C", "", "EAST", 2)}),
               "import 2 rows, 0 created, 2 updated, 0 skipped, applied"}});
    EXPECT_EQ(shop.book().find_product("C")->version, 2);
    EXPECT_EQ(shop.stock("C"), "1-0=1 v2");
    EXPECT_EQ(shop.stock("C", "EAST"), "2-0=2 v1");
}

TEST(ImportProducts, names_every_bad_row) {
    Shop shop;
    shop.run({{archive("EMPTY", 1), "product EMPTY v2 archived"}, {place("A 7"), "order 1001 placed v1: A@MAIN 7"}});
    auto priced = row(12, "C", "Cherry");
    priced.unit_price = Money{"1,000", "EUR"};
    auto unpriced = row(13, "D", "Date");
    unpriced.unit_price = Money{"1.00", "eur"};
    auto reordered = row(14, "F", "Fig");
    reordered.reorder_point = -1;
    const std::vector<ImportRow> rows{
        row(2, "NEW", ""),             // a new product needs a name
        row(3, "EMPTY", "", "", 3),    // archived
        row(4, "A", "", "WEST", 3),    // no such location
        row(5, "A", "", "", 6),        // 7 are promised
        row(6, "A", "Again"),          // same product and place as line 5
        row(7, "G", "Grape", "", -1),  // no such quantity
        row(8, "H", "Hazel", "", quantity_max + 1),
        row(9, "X ", "Trailing space"),
        row(10, "", "No SKU"),
        row(11, "Y", std::string(257, 'y'), "NOWHERE"),
        priced,
        unpriced,
        reordered,
    };
    shop.run(
        {{import(rows, true),
          "import 13 rows, 0 created, 0 updated, 13 skipped, applied; 2 name, 3 sku, 4 location, 5 quantity, 6 sku, "
          "7 quantity, 8 quantity, 9 sku, 10 sku, 11 name, 11 location, 12 unit_price, 13 currency, 14 "
          "reorder_point"}});
    EXPECT_TRUE(shop.last_changes().empty());
}

TEST(ImportProducts, one_bad_row_refuses_the_file) {
    Shop shop;
    shop.run({{import({row(2, "C", "Cherry", "", 4), row(3, "D", "")}),
               "import 2 rows, 1 created, 0 updated, 1 skipped, not applied; 3 name"}});
    EXPECT_TRUE(shop.last_changes().empty());
    EXPECT_EQ(shop.book().find_product("C"), nullptr);
    shop.run({{create("C"), "product C v1"}});
    EXPECT_EQ(raw(shop.book().find_product("C")->id), 4) << "no product id was used up";
}

TEST(ImportProducts, partial_applies_the_good_rows) {
    Shop shop;
    shop.run(
        {{import({row(2, "C", ""), row(3, "C", "Cherry", "EAST", 4), row(4, "C", "", "EAST", 5), row(5, "D", "Date")},
                 true),
          "import 4 rows, 2 created, 0 updated, 2 skipped, applied; 2 name, 4 sku"}});
    EXPECT_EQ(shop.stock("C", "EAST"), "4-0=4 v1");
}

// The bad quantity must not let the new name through.
TEST(ImportProducts, partial_takes_a_row_as_a_whole) {
    Shop shop;
    shop.run({{place("A 7"), "order 1001 placed v1: A@MAIN 7"},
              {import({row(2, "A", "Apple", "", 6)}, true),
               "import 1 rows, 0 created, 0 updated, 1 skipped, applied; 2 quantity"}});
    EXPECT_EQ(shop.book().find_product("A")->name, "Product A");
    EXPECT_EQ(shop.stock("A"), "10-7=3 v2");
    shop.run({{import({row(2, "A", "Apple", "", 7)}), "import 1 rows, 0 created, 1 updated, 0 skipped, applied"}});
    EXPECT_EQ(shop.stock("A"), "7-7=0 v3");
}

TEST(ImportProducts, a_dry_run_tells_and_changes_nothing) {
    Shop shop;
    for (const bool partial : {false, true}) {
        shop.run({{import({row(2, "C", "Cherry", "", 4), row(3, "A", "Apple", "", 1), row(4, "D", "")}, partial, true),
                   "import 3 rows, 1 created, 1 updated, 1 skipped, not applied; 4 name"}});
        EXPECT_TRUE(shop.last_changes().empty());
        EXPECT_EQ(shop.stock("A"), "10-0=10 v1");
    }
    shop.run({{import({row(2, "C", "Cherry", "", 4)}, false, true),
               "import 1 rows, 1 created, 0 updated, 0 skipped, not applied"},
              {import({row(2, "C", "Cherry", "", 4)}), "import 1 rows, 1 created, 0 updated, 0 skipped, applied"},
              {import({row(2, "C", "Cherry", "", 4)}), "import 1 rows, 0 created, 0 updated, 1 skipped, applied"}});
}

TEST(ImportProducts, sees_a_product_made_earlier_in_the_batch) {
    Shop shop;
    const auto outcomes = shop.decide_batch({create("C", "MAIN 2")(shop),
                                             import({row(2, "C", "", "", 5), row(3, "C", "", "EAST", 1)})(shop),
                                             import({row(2, "C", "", "EAST", 3)})(shop)});
    EXPECT_EQ(said(outcomes[1]), "import 2 rows, 0 created, 2 updated, 0 skipped, applied");
    EXPECT_EQ(shop.stock("C"), "5-0=5 v2");
    EXPECT_EQ(shop.stock("C", "EAST"), "3-0=3 v2");
}

TEST(ImportProducts, holds_the_number_of_rows_to_its_bound) {
    Shop shop;
    std::vector<ImportRow> rows;
    for (std::size_t i = 0; i <= import_rows_max; ++i)
        rows.push_back(row(static_cast<std::int64_t>(i) + 2, "P" + std::to_string(i), "P", "", 1));
    shop.run({{import(rows), "invalid_request"}});
    rows.pop_back();
    shop.run({{import(rows), "import 5000 rows, 5000 created, 0 updated, 0 skipped, applied"},
              {import({}), "import 0 rows, 0 created, 0 updated, 0 skipped, applied"}});
}

}  // namespace
}  // namespace onhand::domain
