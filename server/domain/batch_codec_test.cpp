#include "domain/batch_codec.hpp"

#include <gtest/gtest.h>

namespace onhand::domain {
namespace {

Uuid id_of(std::uint8_t last) {
    Uuid id = *parse_uuid("01930000-0000-7000-8000-000000000000");
    id.bytes[15] = last;
    return id;
}

Movement a_movement() {
    Movement movement;
    movement.id = id_of(1);
    movement.kind = MovementKind::counted;
    movement.quantity = quantity_max;
    movement.from = static_cast<std::int64_t>(Place::adjustment);
    movement.to = 3;
    movement.reason = Reason::other;
    movement.note = "a note\0with a zero";
    movement.actor = AccountId{9};
    movement.cause = {CauseType::import, id_of(2)};
    movement.after = {{ProductId{7}, LocationId{3}}, quantity_max, 1, 2, 3, 4, 5, 1'800'000'000'000};
    return movement;
}

OrderEvent an_order() {
    OrderEvent event;
    event.kind = OrderEvent::Kind::fulfilled;
    event.actor = AccountId{4};
    event.key.fill(0xAB);
    event.fingerprint.fill(0xCD);
    event.order.id = id_of(3);
    event.order.number = 1'001;
    event.order.status = OrderStatus::partially_fulfilled;
    event.order.lines = {{{ProductId{7}, LocationId{3}}, "SKU \"1\"", "EAST", 10, 4, 1, 0},
                         {{ProductId{8}, LocationId{1}}, "Größe", "MAIN", 2, 0, 0, 0}};
    event.order.reference = "PO 7";
    event.order.customer = "Ann";
    event.order.placed_by = AccountId{5};
    event.order.placed_at = 1'800'000'000'001;
    event.order.updated_at = 1'800'000'000'002;
    event.order.version = 2;
    return event;
}

ProductEvent a_product() {
    ProductEvent event;
    event.kind = ProductEvent::Kind::archived;
    event.actor = AccountId{1};
    event.product.id = ProductId{7};
    event.product.sku = "A";
    event.product.name = "Anvil";
    event.product.category = "Tools";
    event.product.barcode = "123";
    event.product.unit_price = {"12.50", "EUR"};
    event.product.attributes = R"({"colour":"red"})";
    event.product.reorder_point = 5;
    event.product.archived = true;
    event.product.version = 3;
    event.product.created_at = 1;
    event.product.updated_at = 2;
    return event;
}

Changes one_of_each() {
    Changes changes;
    LocationEvent location;
    location.actor = AccountId{1};
    location.location = {LocationId{3}, "EAST", "East", 1, 5};
    changes.items = {a_movement(), an_order(), a_product(), location};
    changes.levels[{ProductId{7}, LocationId{3}}] = a_movement().after;
    changes.levels[{ProductId{8}, LocationId{1}}] = {{ProductId{8}, LocationId{1}}, 0, 0, 0, 0, 0, 0, 77};
    Account account;
    account.id = AccountId{12};
    account.password_hash = "secret";
    changes.accounts = {account};
    SessionChange session;
    session.session.token_hash.fill(0x11);
    changes.sessions = {session};
    changes.sessions_ended_of = {AccountId{13}};
    return changes;
}

TEST(BatchCodec, gives_back_every_field_and_numbers_the_items) {
    const auto changes = one_of_each();
    const auto news = decode_batch(encode_batch(changes), 41);
    ASSERT_TRUE(news);
    ASSERT_EQ(news->items.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seq_of(news->items[i]), 41 + static_cast<FeedSeq>(i));
    const auto& movement = std::get<Movement>(news->items[0]);
    EXPECT_EQ(movement.id, id_of(1));
    EXPECT_EQ(movement.kind, MovementKind::counted);
    EXPECT_EQ(movement.quantity, quantity_max);
    EXPECT_EQ(movement.from, -3);
    EXPECT_EQ(movement.to, 3);
    EXPECT_EQ(movement.reason, Reason::other);
    EXPECT_EQ(movement.note, a_movement().note);
    EXPECT_EQ(movement.actor, AccountId{9});
    EXPECT_EQ(movement.cause, a_movement().cause);
    EXPECT_EQ(movement.after, a_movement().after);
    const auto& order = std::get<OrderEvent>(news->items[1]);
    EXPECT_EQ(order.kind, OrderEvent::Kind::fulfilled);
    EXPECT_EQ(order.actor, AccountId{4});
    EXPECT_EQ(order.key, an_order().key);
    EXPECT_EQ(order.fingerprint, an_order().fingerprint);
    EXPECT_EQ(order.order, an_order().order);
    const auto& product = std::get<ProductEvent>(news->items[2]);
    EXPECT_EQ(product.kind, ProductEvent::Kind::archived);
    EXPECT_EQ(product.actor, AccountId{1});
    EXPECT_EQ(product.product, a_product().product);
    const auto& location = std::get<LocationEvent>(news->items[3]);
    EXPECT_EQ(location.location.code, "EAST");
    EXPECT_EQ(location.location.name, "East");
    EXPECT_EQ(location.location.created_at, 5);
}

TEST(BatchCodec, tells_of_new_levels_and_names_accounts_and_sessions_only) {
    const auto bytes = encode_batch(one_of_each());
    EXPECT_EQ(bytes.find("secret"), std::string::npos) << "no password hash leaves the database";
    const auto news = decode_batch(bytes, 1);
    ASSERT_TRUE(news);
    ASSERT_EQ(news->levels.size(), 1U);
    EXPECT_EQ(news->levels[0].key, (LevelKey{ProductId{8}, LocationId{1}}));
    EXPECT_EQ(news->levels[0].updated_at, 77);
    EXPECT_EQ(news->accounts, std::vector{AccountId{12}});
    ASSERT_EQ(news->sessions.size(), 1U);
    EXPECT_EQ(news->sessions[0][31], 0x11);
    EXPECT_EQ(news->sessions_ended_of, std::vector{AccountId{13}});
}

TEST(BatchCodec, an_empty_batch_is_a_batch) {
    const auto news = decode_batch(encode_batch({}), 1);
    ASSERT_TRUE(news);
    EXPECT_TRUE(news->items.empty());
}

TEST(BatchCodec, refuses_what_is_cut_too_long_or_of_another_format) {
    const auto bytes = encode_batch(one_of_each());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_batch(std::string_view(bytes).substr(0, size), 1)) << size;
    EXPECT_FALSE(decode_batch(bytes + '\0', 1));
    auto other = bytes;
    other[0] = 2;
    EXPECT_FALSE(decode_batch(other, 1));
}

TEST(BatchCodec, takes_any_bytes_without_harm) {
    const auto bytes = encode_batch(one_of_each());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const char value : {'\x00', '\x7F', '\x80', '\xFF'}) {
            auto changed = bytes;
            changed[at] = value;
            if (const auto news = decode_batch(changed, 1))
                for (const auto& item : news->items)
                    if (const auto* movement = std::get_if<Movement>(&item)) {
                        EXPECT_FALSE(name(movement->kind).empty());
                        EXPECT_FALSE(name(movement->reason).empty());
                        EXPECT_FALSE(place_name(movement->from).empty());
                        EXPECT_TRUE(is_valid(movement->after));
                    }
        }
    }
}

}  // namespace
}  // namespace onhand::domain
