#pragma once
// Loads the rows a batch will be judged on, locked, into the working set. Used by the writer, on the lane thread. A
// batch of orders for known products takes one round trip; unknown names, existing orders and accounts take one more.
// Throws SqlError and CorruptRow; the caller rolls back.
//
// Locks are taken in one order by every transaction, so that no two wait for each other: orders, account_guard,
// products, levels, accounts, sessions, each by key. Plain orders lock levels only; who makes a level, changes a
// product or needs all its levels locks the product before. What decides besides locked rows (products, locations,
// known keys) is read after the levels were locked, so it is not older than they are.

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/postgres/batch_writer.hpp"
#include "storage/postgres/name_book.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

// A transaction from its first load to its end.
struct OpenBatch {
    bool begun = false;    // BEGIN was sent
    bool loaded = false;   // the engine has rows of it
    bool counted = false;  // the counts of accounts are set
    BatchStamp stamp;
    LockedLevels levels;
    LockedOrders orders;
};

class RowLoader {
  public:
    // Both outlive the loader.
    RowLoader(Connection& connection, NameBook& names) : connection_(connection), names_(names) {}

    // As Store::load(). Begins the transaction when there is none. `fence`: as Store::set_fence().
    KnownKeys load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request, domain::WorkingSet& set,
                   OpenBatch& batch, std::int64_t fence);

    // Begins a transaction that locks nothing, for a batch that was not loaded here.
    void open(OpenBatch& batch, std::int64_t fence);

  private:
    // What to ask for, by id; each sorted and without duplicates.
    struct Plan {
        std::vector<Uuid> orders;
        std::vector<std::string_view> unknown_skus;
        std::vector<std::string_view> unknown_codes;
        std::vector<std::int64_t> locked_products;
        std::vector<std::int64_t> whole_products;  // all their levels
        std::vector<std::int64_t> products;
        std::vector<std::int64_t> locations;
        std::vector<domain::LevelKey> levels;
        bool accounts = false;  // the guard is taken
    };
    // What was found; goes into the set once it is complete.
    struct Found {
        std::vector<domain::Order> orders;
        std::unordered_map<domain::LevelKey, domain::StockLevel> levels;
        std::vector<domain::Product> products;
        std::vector<domain::Location> locations;
        std::vector<domain::Account> accounts;
        std::vector<domain::Session> sessions;
        std::int64_t account_count = 0;
        std::int64_t enabled_admin_count = 0;
    };
    struct HashKey {
        std::size_t operator()(const domain::KeyHash& key) const noexcept;
    };
    using Reader = void (RowLoader::*)(const SqlResult&);

    // Sends a statement; `read` will get its rows in run().
    void ask(const Statement& statement, const Params& params, Reader read);
    // Ends the round trip and has every result read.
    void run();
    void begin();

    void plan_names();
    void plan_rows();
    void plan_levels_of_lines();
    void sort_plan();
    std::optional<domain::ProductId> product_id(std::string_view sku) const;
    std::optional<domain::LocationId> location_id(std::string_view code) const;

    void first_trip();
    void second_trip(std::span<const domain::KeyHash> keys);
    void load_rows(std::span<const domain::KeyHash> keys);
    void ask_levels();
    void ask_stamp();
    void ask_numbers(const Statement& statement, std::size_t wanted, const domain::NumberSource& source, Reader read);
    void ask_all_numbers();
    void ask_products_and_locations();
    void ask_accounts();
    void ask_sessions();
    void ask_keys(std::span<const domain::KeyHash> keys);
    bool lock_products_of_absent_levels();

    void read_nothing(const SqlResult&) {}
    void read_orders(const SqlResult& rows);
    void read_counts(const SqlResult& rows);
    void read_product_names(const SqlResult& rows);
    void read_location_names(const SqlResult& rows);
    void read_levels(const SqlResult& rows);
    void read_stamp(const SqlResult& rows);
    void read_order_numbers(const SqlResult& rows);
    void read_product_ids(const SqlResult& rows);
    void read_location_ids(const SqlResult& rows);
    void read_account_ids(const SqlResult& rows);
    void read_keys(const SqlResult& rows);
    void read_products(const SqlResult& rows);
    void read_locations(const SqlResult& rows);
    void read_accounts(const SqlResult& rows);
    void read_sessions(const SqlResult& rows);

    void fill();
    void fill_levels();
    void fill_orders();
    void fill_accounts();
    KnownKeys known_keys(std::span<const domain::KeyHash> keys) const;

    Connection& connection_;
    NameBook& names_;
    // Of the load in hand.
    const domain::RowRequest* request_ = nullptr;
    domain::WorkingSet* set_ = nullptr;
    OpenBatch* batch_ = nullptr;
    std::int64_t fence_ = 0;
    Plan plan_;
    Found found_;
    std::vector<Reader> readers_;
    std::unordered_map<domain::KeyHash, KnownKey, HashKey> known_;
    Params params_;
    Array int_column_{Type::int64};
    Array other_int_column_{Type::int64};
    Array text_column_{Type::text};
    Array uuid_column_{Type::uuid};
    Array bytes_column_{Type::bytes};
};

}  // namespace onhand::storage::postgres
