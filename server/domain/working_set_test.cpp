#include "domain/working_set.hpp"

#include <gtest/gtest.h>

#include "domain/changes.hpp"

namespace onhand::domain {
namespace {

constexpr LevelKey here{ProductId{1}, main_location};
constexpr LevelKey there{ProductId{1}, LocationId{2}};

Product product(std::int64_t id, std::string sku) {
    return {.id = ProductId{id}, .sku = std::move(sku)};
}

// A at MAIN, nothing else known.
WorkingSet small_set() {
    WorkingSet set;
    set.put_product(product(1, "A"), false);
    set.put_location({.id = main_location, .code = main_location_code});
    set.put_level({.key = here, .on_hand = 3});
    return set;
}

TEST(WorkingSet, knows_what_is_there_what_is_absent_and_what_was_never_asked) {
    auto set = small_set();
    set.absent_product("GONE");
    set.absent_location("NOWHERE");
    EXPECT_TRUE(set.has_product("A"));
    EXPECT_TRUE(set.has_product("GONE"));
    EXPECT_FALSE(set.has_product("B"));
    EXPECT_EQ(set.find_product("GONE"), nullptr);
    EXPECT_EQ(set.find_product("A")->id, ProductId{1});
    EXPECT_EQ(set.find_product(ProductId{1})->sku, "A");
    EXPECT_TRUE(set.has_location(""));
    EXPECT_EQ(set.find_location(""), set.find_location("MAIN"));
    EXPECT_EQ(set.find_location("NOWHERE"), nullptr);
    EXPECT_FALSE(set.has_location("EAST"));
    EXPECT_EQ(set.find_level(here)->on_hand, 3);
    EXPECT_FALSE(set.has_level(there));
    set.absent_level(there);
    EXPECT_TRUE(set.has_level(there));
    EXPECT_EQ(set.find_level(there), nullptr);
}

TEST(WorkingSetDeathTest, stops_when_a_row_was_not_loaded) {
    auto set = small_set();
    EXPECT_DEATH((void)set.find_product("B"), "loaded before it is judged");
    EXPECT_DEATH((void)set.find_location("EAST"), "loaded before it is judged");
    EXPECT_DEATH((void)set.find_level(there), "loaded before it is judged");
    EXPECT_DEATH((void)set.find_order(Uuid{}), "loaded before it is judged");
    EXPECT_DEATH((void)set.find_email("a@x"), "loaded before it is judged");
    EXPECT_DEATH((void)set.levels_of(ProductId{1}), "loaded before it is judged");
}

TEST(WorkingSet, knows_missing_levels_where_all_are_known) {
    auto set = small_set();
    EXPECT_FALSE(set.has_all_levels("A"));
    set.put_product(product(1, "A"), true);
    EXPECT_TRUE(set.has_all_levels("A"));
    EXPECT_EQ(set.find_level(there), nullptr);
    EXPECT_EQ(set.levels_of(ProductId{1}), std::vector{here});
    set.put_level({.key = there});
    set.put_level({.key = there, .on_hand = 1});
    EXPECT_EQ(set.levels_of(ProductId{1}), (std::vector{here, there})) << "each once";
    set.absent_level(here);
    EXPECT_EQ(set.levels_of(ProductId{1}), std::vector{there});
    set.put_product(product(1, "A"), false);
    EXPECT_TRUE(set.has_all_levels("A")) << "what was known stays known";
    set.absent_product("A");
    set.put_product(product(9, "A"), false);
    EXPECT_FALSE(set.has_all_levels("A")) << "another product";
}

TEST(WorkingSet, knows_that_a_new_location_is_empty) {
    auto set = small_set();
    set.put_new_location({.id = LocationId{2}, .code = "EAST"});
    EXPECT_TRUE(set.has_level("A", "EAST"));
    EXPECT_EQ(set.find_level(there), nullptr);
    set.put_level({.key = there, .on_hand = 4});
    EXPECT_EQ(set.find_level(there)->on_hand, 4);
}

TEST(WorkingSet, needs_no_level_where_product_or_location_are_absent) {
    auto set = small_set();
    EXPECT_FALSE(set.has_level("A", "EAST"));
    EXPECT_FALSE(set.has_level("B", "MAIN"));
    set.absent_product("B");
    EXPECT_TRUE(set.has_level("B", "MAIN"));
    EXPECT_FALSE(set.has_level("B", "EAST")) << "the location may be the reason to refuse";
    set.absent_location("EAST");
    EXPECT_TRUE(set.has_level("A", "EAST"));
    set.put_product(product(2, "C"), false);
    EXPECT_FALSE(set.has_level("C", ""));
}

TEST(WorkingSet, finds_accounts_by_id_uuid_and_address) {
    WorkingSet set;
    Account account{.id = AccountId{5}, .email = "a@x"};
    account.uuid.bytes[0] = 1;
    EXPECT_FALSE(set.has_account(AccountId{5}));
    EXPECT_EQ(set.find_account(AccountId{5}), nullptr);
    set.absent_email("a@x");
    set.put_account(account);
    EXPECT_EQ(set.find_email("a@x")->id, AccountId{5});
    EXPECT_EQ(set.find_account(account.uuid), set.find_account(AccountId{5}));
    EXPECT_TRUE(set.has_account(AccountId{5}));
}

TEST(WorkingSet, forgets) {
    auto set = small_set();
    Order order;
    order.id.bytes[0] = 1;
    set.put_order(order);
    set.put_session({.account = AccountId{1}});
    set.put_session({.token_hash = {1}, .account = AccountId{2}});
    EXPECT_EQ(set.size(), 6U);
    set.erase_sessions_of(AccountId{1});
    EXPECT_EQ(set.find_session({}), nullptr);
    EXPECT_NE(set.find_session({1}), nullptr);
    set.forget_documents();
    EXPECT_FALSE(set.has_order(order.id));
    EXPECT_FALSE(set.has_session({}));
    EXPECT_TRUE(set.has_level(here));
    set.sequences.product.count_from(9);
    set.clear();
    EXPECT_EQ(set.size(), 0U);
    EXPECT_FALSE(set.has_level(here));
    EXPECT_EQ(set.sequences.product.peek(), 9) << "the store sets these";
}

TEST(WorkingSet, forgets_products_that_passed_by) {
    auto set = small_set();
    const auto size = set.size();
    Product passing;
    passing.id = ProductId{77};
    passing.sku = "PASSING";
    set.put_product(passing, true);
    set.put_level({.key = {passing.id, main_location}, .on_hand = 3});
    set.note_passing("PASSING");
    set.note_passing("PASSING");
    set.note_passing("NEVER-HEARD-OF");
    EXPECT_TRUE(set.has_product("PASSING"));
    set.forget_documents();
    EXPECT_FALSE(set.has_product("PASSING"));
    EXPECT_FALSE(set.has_level({passing.id, main_location}));
    EXPECT_TRUE(set.has_level(here));
    EXPECT_EQ(set.size(), size);
    // It comes back as if it had never been there.
    set.put_product(passing, false);
    EXPECT_FALSE(set.has_all_levels("PASSING"));
    set.forget_documents();
    EXPECT_TRUE(set.has_product("PASSING")) << "it was noted for one batch only";
}

TEST(WorkingSet, asks_for_levels_at_a_new_location_once_one_of_them_was_forgotten) {
    WorkingSet set;
    const Location east{.id = LocationId{2}, .code = "EAST", .name = "East"};
    set.put_new_location(east);
    Product passing;
    passing.id = ProductId{77};
    passing.sku = "PASSING";
    set.put_product(passing, false);
    EXPECT_TRUE(set.has_level({passing.id, east.id})) << "nobody has a level there yet";
    set.put_level({.key = {passing.id, east.id}, .on_hand = 3});
    set.note_passing("PASSING");
    set.forget_documents();
    set.put_product(passing, false);
    EXPECT_FALSE(set.has_level({passing.id, east.id}));
}

TEST(RequestRows, asks_only_for_what_is_missing) {
    auto set = small_set();
    RowRequest request;
    request_rows(PlaceOrder{.lines = {{.sku = "A", .quantity = 1}, {.sku = "A", .location = "MAIN", .quantity = 1}}},
                 set, request);
    EXPECT_TRUE(request.empty());
    const Command order =
        PlaceOrder{.lines = {{.sku = "A", .quantity = 1}, {.sku = "B", .location = "EAST", .quantity = 1}}};
    request_rows(order, set, request);
    ASSERT_EQ(request.levels.size(), 1U);
    EXPECT_EQ(request.levels[0].sku, "B");
    EXPECT_EQ(request.levels[0].location, "EAST");
    request.clear();
    EXPECT_TRUE(request.empty());
    const Command archive = ArchiveProduct{.sku = "A"};
    request_rows(archive, set, request);
    EXPECT_EQ(request.products.size(), 1U) << "its levels are not all known";
    request.clear();
    const Command create = CreateProduct{.product = product(0, "N"), .opening_stock = {{.location = "EAST"}, {}}};
    request_rows(create, set, request);
    EXPECT_EQ(request.products.size(), 1U);
    EXPECT_EQ(request.locations, std::vector<std::string_view>{"EAST"});
}

TEST(FeedItem, has_a_number_and_a_time) {
    FeedItem items[] = {Movement{}, OrderEvent{}, ProductEvent{}, LocationEvent{}};
    std::get<Movement>(items[0]).after.updated_at = 11;
    std::get<OrderEvent>(items[1]).order.updated_at = 12;
    std::get<ProductEvent>(items[2]).product.updated_at = 13;
    std::get<LocationEvent>(items[3]).location.created_at = 14;
    for (int i = 0; i < 4; ++i) {
        set_seq(items[i], 100 + i);
        EXPECT_EQ(seq_of(items[i]), 100 + i);
        EXPECT_EQ(time_of(items[i]), 11 + i);
    }
}

}  // namespace
}  // namespace onhand::domain
