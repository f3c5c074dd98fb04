#include "domain/testing/scenario.hpp"

#include <gtest/gtest.h>

#include "base/ensure.hpp"
#include "base/text.hpp"

namespace onhand::domain::testing {

namespace {

std::function<std::uint64_t()> counting() {
    return [next = std::uint64_t{0}]() mutable { return ++next; };
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

LineRequest parse_level(std::string_view text) {
    const auto at = text.find('@');
    LineRequest line;
    line.sku = text.substr(0, at);
    if (at != std::string_view::npos) line.location = text.substr(at + 1);
    return line;
}

}  // namespace

std::vector<LineRequest> lines(std::string_view text) {
    std::vector<LineRequest> result;
    while (!trim(text).empty()) {
        const auto comma = text.find(',');
        const auto part = trim(text.substr(0, comma));
        const auto space = part.rfind(' ');
        ensure(space != std::string_view::npos, "a line is written like: A@EAST 3");
        auto& line = result.emplace_back(parse_level(part.substr(0, space)));
        line.quantity = parse_int(part.substr(space + 1)).value();
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    return result;
}

Wish the(Command command) {
    return [command = std::move(command)](const Shop&) { return command; };
}

Wish place(std::string_view lines_text) {
    return the(PlaceOrder{.lines = lines(lines_text)});
}

Wish fulfil(std::int64_t number, std::string_view lines_text) {
    return [number, asked = lines(lines_text)](const Shop& shop) -> Command {
        return FulfilOrder{.order = shop.order(number).id, .lines = asked};
    };
}

Wish cancel(std::int64_t number) {
    return [number](const Shop& shop) -> Command { return CancelOrder{.order = shop.order(number).id}; };
}

Wish adjust(std::string_view level, Quantity delta, Reason reason, std::optional<std::int64_t> expected_version,
            std::string_view note) {
    const auto named = parse_level(level);
    return the(AdjustStock{.sku = named.sku,
                           .location = named.location,
                           .delta = delta,
                           .reason = reason,
                           .note = std::string(note),
                           .expected_version = expected_version});
}

Wish create(std::string_view sku, std::string_view opening_text) {
    CreateProduct command;
    command.product.sku = sku;
    command.product.name = "Product " + std::string(sku);
    // The text reads "LOCATION QUANTITY, …"; the location stands where a line has its SKU.
    for (const auto& opening : lines(opening_text))
        command.opening_stock.push_back({.location = opening.sku, .quantity = opening.quantity});
    return the(std::move(command));
}

Wish archive(std::string_view sku, std::int64_t expected_version) {
    return the(ArchiveProduct{.sku = std::string(sku), .expected_version = expected_version});
}

Wish create_location(std::string_view code) {
    return the(CreateLocation{.code = std::string(code), .name = "Location " + std::string(code)});
}

Shop::Shop() : ids_(counting()) {
    book_.prepare(set_);
    run({{create_location("EAST"), "location EAST"},
         {create("A", "MAIN 10"), "product A v1"},
         {create("B", "MAIN 5, EAST 2"), "product B v1"},
         {create("EMPTY"), "product EMPTY v1"}});
}

Outcome Shop::decide(const Command& command) {
    return std::move(decide_batch({command}).front());
}

std::vector<Outcome> Shop::decide_batch(const std::vector<Command>& commands) {
    RowRequest request;
    for (const auto& command : commands) request_rows(command, set_, request);
    book_.load(request, set_);
    Changes changes;
    std::vector<Outcome> outcomes;
    now += 1000;
    const Context context{.now = now, .actor = actor_, .role = role_, .ids = ids_};
    for (const auto& command : commands) {
        const auto items_before = changes.items.size();
        outcomes.push_back(domain::decide(command, set_, context, changes));
        if (refusal(outcomes.back())) {
            EXPECT_EQ(changes.items.size(), items_before) << "a refusal changes nothing";
        }
    }
    if (commands.size() == 1 && refusal(outcomes.front())) {
        EXPECT_TRUE(changes.empty()) << "a refusal changes nothing";
    }
    book_.commit(changes, set_);
    for (const auto& item : changes.items) EXPECT_EQ(fold_.take(item), std::nullopt);
    EXPECT_EQ(fold_.compare(book_.levels()), std::nullopt);
    // Every other step starts from an empty set, so that the store's rows and the set's rows are both put to the test.
    if (++checked_ % 2 == 0) {
        set_.clear();
        book_.prepare(set_);
    }
    last_ = std::move(changes);
    return outcomes;
}

void Shop::run(std::initializer_list<Step> steps) {
    int number = 0;
    for (const auto& [wish, expected] : steps) EXPECT_EQ(said(decide(wish(*this))), expected) << "step " << ++number;
}

std::string Shop::stock(const std::string& sku, const std::string& location) const {
    return said(book_.level(sku, location));
}

const Order& Shop::order(std::int64_t number) const {
    const auto* const order = book_.find_order(number);
    ensure(order != nullptr, "the scenario names an order that was placed");
    return *order;
}

void Shop::be(AccountId actor, Role role) {
    actor_ = actor;
    role_ = role;
}

}  // namespace onhand::domain::testing
