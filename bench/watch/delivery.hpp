#pragma once
// What is worked out after a run: for every order and every client that watches its product, how long it took from
// sending the order until the client had it. Joins when orders were sent (by number), what feed number each has, and
// which stretches of the feed each client got when. Pure.

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "load/histogram.hpp"

namespace onhand::bench::watch {

using TimePoint = std::chrono::steady_clock::time_point;

// An order whose feed number is known.
struct ToldOrder {
    std::int64_t seq = 0;
    std::int64_t number = 0;
    std::size_t product = 0;
};

// A stretch of the feed that a client got.
struct Arrival {
    TimePoint at;
    std::int64_t from = 0;
    std::int64_t to = 0;
};

struct Watcher {
    // Products first_product up to before end_product.
    std::size_t first_product = 0;
    std::size_t end_product = 0;
    std::vector<Arrival> arrivals;  // in the order they came

    bool watches(std::size_t product) const { return product >= first_product && product < end_product; }
};

// The clients of one kind.
struct Deliveries {
    Histogram latencies;          // µs; one entry for each order and client that watches its product
    std::uint64_t worst_p99 = 0;  // µs; of the client with the largest
    std::uint64_t missed = 0;     // orders that a client should have been told of and was not
};

class DeliveryBook {
  public:
    // Only orders that were sent from `from` until before `to` count.
    DeliveryBook(TimePoint from, TimePoint to) : from_(from), to_(to) {}

    // When an accepted order was sent. Each number once.
    void sent(std::int64_t number, TimePoint at) { sent_.emplace(number, at); }
    // What feed number it has.
    void told(const ToldOrder& order) { told_.push_back(order); }

    // To be called after all sent() and told(), before add(). How many of the counted orders nobody was told of.
    std::uint64_t close();
    std::size_t counted() const { return told_.size(); }

    // Adds one client.
    void add(const Watcher& watcher, Deliveries& deliveries) const;

  private:
    TimePoint from_;
    TimePoint to_;
    std::unordered_map<std::int64_t, TimePoint> sent_;
    std::vector<ToldOrder> told_;  // after close(): the counted ones, by feed number
};

}  // namespace onhand::bench::watch
