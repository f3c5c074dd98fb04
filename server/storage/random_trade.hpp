#pragma once
// Random histories for tests of storage adapters, the same for the same seed: orders placed, shipped and cancelled,
// stock found, and filters that ask about them. Runs on the driver of contract_driver.hpp. Test code.

#include "storage/contract_driver.hpp"

namespace onhand::storage {

// Random commands over a handful of products, places, people and words, so that filters have something to tell apart.
class RandomTrade {
  public:
    RandomTrade(Driver& driver, std::uint64_t seed) : driver_(driver), random_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    void set_up() {
        driver_.run(domain::CreateLocation{"SHOP", "The shop"});
        for (int i = 0; i < 5; ++i) driver_.make_product("P" + std::to_string(i), 100'000);
        for (int i = 0; i < 5; ++i)
            driver_.run(domain::AdjustStock{"P" + std::to_string(i), "SHOP", 1000, domain::Reason::found, "found", {}});
    }

    // One batch of up to `size` commands.
    void step(std::uint64_t size) {
        std::vector<Driver::Wish> wishes;
        const std::uint64_t count = 1 + below(size);
        for (std::uint64_t i = 0; i < count; ++i)
            wishes.push_back({command(), key_hash(random_()), key_hash(random_()),
                              domain::AccountId{static_cast<std::int64_t>(1 + below(3))}});
        for (const auto& outcome : driver_.run(wishes))
            if (const auto* done = std::get_if<domain::OrderDone>(&outcome)) orders_.push_back(done->order.id);
    }

    domain::OrderFilter order_filter(domain::FeedSeq head) {
        static const std::vector<std::string> searches = {"",   "alpha", "al", "ALPHA b",     "zzz", "po-1",
                                                          "  ", "1005",  "10", "gamma alpha", "---", "beta"};
        domain::OrderFilter filter;
        if (below(2) == 0) filter.status = static_cast<domain::OrderStatus>(below(4));
        if (below(2) == 0) filter.search = searches[below(searches.size())];
        if (below(20) == 0 && !orders_.empty()) filter.search = to_string(orders_[below(orders_.size())]);
        if (below(3) == 0) filter.product = domain::ProductId{static_cast<std::int64_t>(1 + below(6))};
        if (below(3) == 0) filter.placed_by = domain::AccountId{static_cast<std::int64_t>(1 + below(4))};
        if (below(3) == 0)
            filter.before = static_cast<domain::FeedSeq>(1 + below(static_cast<std::uint64_t>(head) + 2));
        filter.limit = static_cast<std::int64_t>(1 + below(20));
        if (below(3) == 0) filter.offset = static_cast<std::int64_t>(below(60));
        return filter;
    }

    domain::MovementFilter movement_filter(domain::FeedSeq head) {
        domain::MovementFilter filter;
        if (below(2) == 0) filter.product = domain::ProductId{static_cast<std::int64_t>(1 + below(6))};
        if (below(2) == 0) filter.location = domain::LocationId{static_cast<std::int64_t>(1 + below(3))};
        if (below(4) == 0 && !orders_.empty()) filter.order = orders_[below(orders_.size())];
        if (below(2) == 0) filter.after = static_cast<domain::FeedSeq>(below(static_cast<std::uint64_t>(head) + 2));
        if (below(2) == 0) filter.before = static_cast<domain::FeedSeq>(below(static_cast<std::uint64_t>(head) + 2));
        filter.limit = static_cast<std::int64_t>(1 + below(30));
        return filter;
    }

  private:
    domain::Command command() {
        const std::uint64_t choice = below(10);
        if (choice < 6 || orders_.empty()) return place();
        if (choice < 8) return domain::FulfilOrder{orders_[below(orders_.size())], {}};
        if (choice < 9) return domain::CancelOrder{orders_[below(orders_.size())]};
        return domain::AdjustStock{product(), below(2) == 0 ? "" : "SHOP", 5, domain::Reason::found, "", {}};
    }

    domain::PlaceOrder place() {
        static const std::vector<std::string> texts = {"",    "Alpha", "alpha beta", "PO-1", "gamma, ALPHA",
                                                       "Ærø", "po 12"};
        domain::PlaceOrder place;
        const std::uint64_t lines = 1 + below(3);
        for (std::uint64_t i = 0; i < lines; ++i)
            place.lines.push_back(
                {product(), below(4) == 0 ? "SHOP" : "", static_cast<domain::Quantity>(1 + below(3))});
        place.reference = texts[below(texts.size())];
        place.customer = texts[below(texts.size())];
        return place;
    }

    std::string product() { return "P" + std::to_string(below(5)); }

    Driver& driver_;
    std::mt19937_64 random_;
    std::vector<Uuid> orders_;  // of placed, fulfilled and cancelled events; duplicates do no harm
};

}  // namespace onhand::storage
