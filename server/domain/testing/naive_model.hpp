#pragma once
// The naive model: what the business should answer, written a second time in the plainest way (maps of integers, one
// copy of everything, no working set, no movements). It predicts the answer to each command as said() would put it,
// and keeps its own stock. Accounts and sessions are not modelled. For property tests and simulations. One thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/commands.hpp"

namespace onhand::domain::testing {

class NaiveModel {
  public:
    // SKU and location code.
    using Place = std::pair<std::string, std::string>;
    struct Level {
        std::int64_t on_hand = 0;
        std::int64_t allocated = 0;
        std::int64_t version = 0;
        std::int64_t available() const { return on_hand - allocated; }
        bool operator==(const Level&) const = default;
    };

    // What the command must answer now, after which the model has taken it over. nullopt for commands that are not
    // modelled.
    std::optional<std::string> predict(const Command& command, AccountId actor, Role role);
    // Tells the id of the order that predict() has just placed.
    void learn(const Uuid& id, std::int64_t number) { numbers_[id] = number; }

    const std::map<Place, Level>& levels() const { return levels_; }

  private:
    struct Item {
        std::string name, category, barcode;
        Money price;
        std::string attributes = "{}";
        std::int64_t reorder_point = 0;
        std::int64_t version = 1;
        bool archived = false;
        bool operator==(const Item&) const = default;
    };
    struct Line {
        Place place;
        std::int64_t quantity = 0, fulfilled = 0, cancelled = 0;
        std::int64_t open() const { return quantity - fulfilled - cancelled; }
    };
    struct Placed {
        std::vector<Line> lines;
        AccountId by{};
        std::int64_t version = 1;
    };
    // A row that would be written by an import; see judge_row().
    struct Import {
        std::map<std::string, Item> items;
        std::map<Place, Level> levels;
        std::set<Place> seen;
        std::set<std::string> changed;
        std::vector<std::pair<std::int64_t, std::string>> errors;
        std::int64_t created = 0, updated = 0, skipped = 0;
    };

    std::string judge(const PlaceOrder& command, AccountId actor);
    std::string judge(const FulfilOrder& command);
    std::string judge(const CancelOrder& command, AccountId actor, Role role);
    std::string judge(const AdjustStock& command);
    std::string judge(const CreateProduct& command);
    std::string judge(const UpdateProduct& command);
    std::string judge(const ArchiveProduct& command);
    std::string judge(const CreateLocation& command);
    std::string judge(const ImportProducts& command);
    void judge_row(const ImportRow& row, Import& import) const;

    Placed* find_order(const Uuid& id);
    std::string describe(std::int64_t number, const Placed& order) const;
    bool on_sale(const std::string& sku) const;

    std::map<std::string, Item> items_;
    std::set<std::string> locations_{"MAIN"};
    std::map<Place, Level> levels_;
    std::map<std::int64_t, Placed> orders_;
    std::map<Uuid, std::int64_t> numbers_;
    std::int64_t next_number_ = 1001;
};

}  // namespace onhand::domain::testing
