#pragma once
// The rows a batch is judged on: loaded by the store before judging, changed by decide() so that each command sees
// what the ones before it left. A row that was asked for and does not exist is remembered as absent; asking decide()
// about a row that was never loaded is a bug (`ensure`). One thread at a time; the engine's lane owns it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/uuid.hpp"
#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/commands.hpp"
#include "domain/level.hpp"
#include "domain/number_source.hpp"
#include "domain/order.hpp"

namespace onhand::domain {

// Lets unordered_map<std::string, …> be asked with a string_view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Rows that commands name. Duplicates are allowed. Levels are given as SKU and location code ("" = default location).
struct RowRequest {
    struct LevelName {
        std::string_view sku;
        std::string_view location;
    };
    std::vector<LevelName> levels;           // loads the product and the location too
    std::vector<std::string_view> products;  // with all their levels
    std::vector<std::string_view> locations;
    std::vector<Uuid> orders;  // with the levels, products and locations of their lines
    std::vector<std::string_view> emails;
    std::vector<Uuid> accounts;
    std::vector<AccountId> account_ids;
    std::vector<TokenHash> sessions;
    // At most so many new numbers of each kind will be taken.
    struct Draws {
        std::size_t products = 0;
        std::size_t locations = 0;
        std::size_t accounts = 0;
        std::size_t orders = 0;
    };
    Draws draws;
    bool empty() const;  // of rows
    void clear();
};

// Appends to `request` what `command` needs and `set` does not hold yet. The views point into `command`.
class WorkingSet;
void request_rows(const Command& command, const WorkingSet& set, RowRequest& request);

// The next free internal ids and order numbers. The store sets them; decide() takes from them. They outlive clear().
struct Sequences {
    NumberSource product;
    NumberSource location;  // 1 is MAIN
    NumberSource account;
    NumberSource order_number;  // from first_order_number
};

class WorkingSet {
  public:
    // Filling, by the store. put_* replaces; absent_* notes that there is no such row.
    void put_product(Product product, bool with_all_levels);
    void absent_product(std::string_view sku);
    void put_location(Location location);
    // A location that was created just now: no product has a level there, and nobody needs to ask the store.
    void put_new_location(Location location);
    void absent_location(std::string_view code);
    void put_level(const StockLevel& level);
    void absent_level(LevelKey key);
    void put_order(Order order);
    void absent_order(const Uuid& id);
    void put_account(Account account);
    void absent_email(std::string_view email);
    void absent_account(const Uuid& id);
    void put_session(const Session& session);
    void absent_session(const TokenHash& hash);

    // What is known. has_* is true also for rows known to be absent; find_* gives nullptr for those.
    bool has_product(std::string_view sku) const;
    bool has_all_levels(std::string_view sku) const;
    bool has_location(std::string_view code) const;  // "" = default location
    bool has_level(LevelKey key) const;
    // The product, the location and, when both exist, the level: all that a line of a command needs.
    bool has_level(std::string_view sku, std::string_view location) const;
    bool has_order(const Uuid& id) const;
    bool has_email(std::string_view email) const;
    bool has_account(const Uuid& id) const;
    bool has_account(AccountId id) const;  // false also for ids known to be absent: there is no absent row by id
    bool has_session(const TokenHash& hash) const;

    Product* find_product(std::string_view sku);
    const Product* find_product(std::string_view sku) const;
    const Product* find_product(ProductId id) const;
    const Location* find_location(std::string_view code) const;
    const Location* find_location(LocationId id) const;
    StockLevel* find_level(LevelKey key);
    std::vector<LevelKey> levels_of(ProductId id) const;  // requires has_all_levels
    Order* find_order(const Uuid& id);
    Account* find_account(const Uuid& id);
    Account* find_account(AccountId id);  // nullptr also when it was never loaded
    const Account* find_email(std::string_view email) const;
    Session* find_session(const TokenHash& hash);
    void erase_session(const TokenHash& hash);
    void erase_sessions_of(AccountId id);

    Sequences sequences;
    std::int64_t account_count = 0;        // all accounts that exist, for "the first account"
    std::int64_t enabled_admin_count = 0;  // so that the last admin stays

    // Number of rows held; the engine clears the set when it passes its bound.
    std::size_t size() const;
    // Forgets all rows (after a commit that did not happen, or to stay within the bound).
    void clear();
    // Notes that a product passes by once, with a file: forget_documents() drops it and its levels, so that an import
    // does not push out what orders need.
    void note_passing(std::string_view sku);
    // Forgets what is rarely met again: orders, sessions, products that passed by. Other products, locations and levels
    // stay.
    void forget_documents();

  private:
    void forget_product(const std::string& sku);

    struct ProductEntry {
        std::optional<Product> product;
        bool all_levels = false;
    };
    ByText<ProductEntry> products_;
    std::unordered_map<std::int64_t, std::string> product_skus_;
    ByText<std::optional<Location>> locations_;
    std::unordered_map<std::int64_t, std::string> location_codes_;
    std::unordered_set<std::int64_t> new_locations_;
    std::unordered_map<LevelKey, std::optional<StockLevel>> levels_;
    std::unordered_map<std::int64_t, std::vector<LevelKey>> levels_by_product_;
    std::unordered_map<Uuid, std::optional<Order>> orders_;
    std::unordered_map<Uuid, std::optional<Account>> accounts_;
    std::unordered_map<std::int64_t, Uuid> account_uuids_;
    ByText<std::optional<Uuid>> emails_;
    std::unordered_map<std::string, std::optional<Session>> sessions_;  // by the bytes of the token hash
    std::vector<std::string> passing_;                                  // SKUs
};

}  // namespace onhand::domain
