#include "micro/order_batch.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/ensure.hpp"

namespace onhand::bench {

namespace {

constexpr domain::Quantity stock = 1'000'000'000;

std::string sku_of(std::size_t index) {
    return fmt::format("S-{:06}", index);
}

domain::Product product_of(std::size_t index) {
    domain::Product product;
    product.id = domain::ProductId{static_cast<std::int64_t>(index) + 1};
    product.sku = product.name = sku_of(index);
    product.version = 1;
    return product;
}

domain::StockLevel level_of(std::size_t index) {
    domain::StockLevel level;
    level.key = {domain::ProductId{static_cast<std::int64_t>(index) + 1}, domain::main_location};
    level.on_hand = stock;
    level.version = 1;
    return level;
}

}  // namespace

OrderBatches::OrderBatches(std::size_t products, std::size_t lines)
    : products_(products), lines_(lines), ids_([this] { return random_(); }), now_(SystemClock().wall_ms()) {
    ensure(lines <= products, "an order names each product once");
    domain::Location main;
    main.id = domain::main_location;
    main.code = domain::main_location_code;
    set_.put_location(main);
    for (std::size_t index = 0; index < products; ++index) {
        set_.put_product(product_of(index), true);
        set_.put_level(level_of(index));
    }
    set_.sequences.order_number.count_from(domain::first_order_number);
}

domain::Changes OrderBatches::catalogue() {
    domain::Changes changes;
    for (std::size_t index = 0; index < products_; ++index) {
        domain::ProductEvent event;
        event.product = product_of(index);
        event.product.created_at = event.product.updated_at = now_;
        changes.items.emplace_back(std::move(event));
        const auto level = level_of(index);
        changes.levels[level.key] = level;
    }
    return changes;
}

domain::Command OrderBatches::order() {
    domain::PlaceOrder order;
    const auto first = static_cast<std::size_t>(random_());
    for (std::size_t line = 0; line < lines_; ++line)
        order.lines.push_back({.sku = sku_of((first + line) % products_), .location = {}, .quantity = 1});
    return order;
}

domain::KeyHash OrderBatches::key() {
    domain::KeyHash key{};
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random_());
    return key;
}

domain::Outcome OrderBatches::judge(const domain::Command& command, const domain::KeyHash& key,
                                    domain::Changes& changes) {
    const domain::Context context{now_, domain::AccountId{1}, domain::Role::admin, ids_, key, key};
    auto outcome = domain::decide(command, set_, context, changes);
    ensure(domain::refusal(outcome) == nullptr, "there is more stock than a benchmark orders");
    return outcome;
}

void OrderBatches::fill(std::size_t orders, domain::Changes& changes, std::vector<domain::KeyHash>& keys) {
    changes.items.clear();
    changes.levels.clear();
    keys.clear();
    changes.items.reserve(orders * (lines_ + 1));
    for (std::size_t i = 0; i < orders; ++i) {
        keys.push_back(key());
        judge(order(), keys.back(), changes);
    }
}

}  // namespace onhand::bench
