#pragma once
// A tiny store for tests: the committed rows in plain maps. It hands exactly the requested rows to a working set, and
// takes the changes of a batch, so that a test also notices a row that request_rows() forgot. One thread.

#include <map>
#include <string>
#include <vector>

#include "domain/decide.hpp"

namespace onhand::domain::testing {

class RowBook {
  public:
    RowBook();  // holds the location MAIN

    // Sets the sequences and counts of an empty working set.
    void prepare(WorkingSet& set) const;
    // Puts every row of `request` into `set`, as found or as absent.
    void load(const RowRequest& request, WorkingSet& set) const;
    // Numbers the items and takes everything over. `set` is where the sequences stand.
    void commit(Changes& changes, const WorkingSet& set);

    const Product* find_product(const std::string& sku) const;
    // The zero level when there is none.
    StockLevel level(const std::string& sku, const std::string& location) const;
    const Order* find_order(std::int64_t number) const;

    const std::map<LevelKey, StockLevel>& levels() const { return levels_; }
    const std::map<Uuid, Order>& orders() const { return orders_; }
    const std::map<Uuid, Account>& accounts() const { return accounts_; }
    const std::map<TokenHash, Session>& sessions() const { return sessions_; }
    const std::vector<FeedItem>& feed() const { return feed_; }

  private:
    void load_level(LevelKey key, WorkingSet& set) const;
    void load_product(std::string_view sku, bool all_levels, WorkingSet& set) const;
    void load_location(std::string_view code, WorkingSet& set) const;
    void load_order(const Uuid& id, WorkingSet& set) const;
    void take(const FeedItem& item);

    std::map<std::string, Product> products_;
    std::map<std::string, Location> locations_;
    std::map<LevelKey, StockLevel> levels_;
    std::map<Uuid, Order> orders_;
    std::map<Uuid, Account> accounts_;
    std::map<TokenHash, Session> sessions_;
    std::vector<FeedItem> feed_;
    Sequences sequences_;
};

}  // namespace onhand::domain::testing
