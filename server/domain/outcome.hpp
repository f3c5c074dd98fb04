#pragma once
// Outcomes: the answer to a command, either what was done or a typed refusal. The engine hands them to whoever asked;
// the transport turns them into status codes and bodies. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/level.hpp"
#include "domain/movement.hpp"
#include "domain/names.hpp"
#include "domain/order.hpp"

namespace onhand::domain {

// A line that could not be served.
struct Shortage {
    std::string sku;
    std::string location;
    Quantity requested = 0;
    Quantity available = 0;
};

// A level together with what a reader wants to see beside it.
struct LevelView {
    StockLevel level;
    std::string sku;
    std::string name;
    std::string category;
    std::string location;  // code
    Quantity reorder_point = 0;
};

struct Refusal {
    RefusalCode code = RefusalCode::invalid_request;
    std::string detail;               // one sentence for people
    std::vector<Shortage> shortages;  // insufficient_stock: every short line
    std::string pointer;              // JSON pointer of the field, when one is to blame; else empty
    std::optional<LevelView> level;   // version_mismatch of a level: what it is now
    std::optional<Product> product;   // version_mismatch of a product: what it is now
};

struct OrderDone {
    Order order;  // as it is after the command
};

struct AdjustmentDone {
    Movement movement;
    LevelView level;
};

struct ProductDone {
    Product product;
};

struct LocationDone {
    Location location;
};

struct ImportError {
    std::int64_t line = 0;
    std::string column;
    std::string detail;
};

struct ImportDone {
    std::int64_t rows = 0;
    std::int64_t created = 0;
    std::int64_t updated = 0;
    std::int64_t skipped = 0;  // bad rows, and rows that change nothing
    std::vector<ImportError> errors;
    bool applied = false;
};

struct AccountDone {
    Account account;
};

struct SessionDone {
    Account account;
    Session session;
};

// A change that has nothing to tell.
struct Done {};

using Outcome = std::variant<Refusal, OrderDone, AdjustmentDone, ProductDone, LocationDone, ImportDone, AccountDone,
                             SessionDone, Done>;

inline const Refusal* refusal(const Outcome& outcome) {
    return std::get_if<Refusal>(&outcome);
}

}  // namespace onhand::domain
