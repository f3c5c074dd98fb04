#pragma once
// Commands: everything that changes something, in the imperative. The transport builds them from requests whose form
// it has checked (types, lengths, ranges); decide() (decide.hpp) judges them against the rows. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/uuid.hpp"
#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/names.hpp"
#include "domain/quantity.hpp"

namespace onhand::domain {

// One line asked for. Lines with the same SKU and location are added up before checking.
struct LineRequest {
    std::string sku;
    std::string location;   // code; empty = the default location
    Quantity quantity = 0;  // 1 to order_line_quantity_max, also after adding up
};

// Allocates stock for all lines, or takes nothing.
struct PlaceOrder {
    std::vector<LineRequest> lines;  // 1 to order_lines_max
    std::string reference;
    std::string customer;
    std::string note;
};

// Ships what is allocated: on_hand and allocated fall.
struct FulfilOrder {
    Uuid order;
    std::vector<LineRequest> lines;  // empty = everything that is open
};

// Gives what is not shipped back to available. A clerk may cancel only orders of their own.
struct CancelOrder {
    Uuid order;
};

// Changes on_hand by delta, as a movement of kind `adjusted`. Delta may not take available below 0: what is not there
// is insufficient_stock, what is promised breaks_promises. The reason must allow the direction (direction_of);
// of those written by the system only `undo` can be chosen, and `other` needs a note.
struct AdjustStock {
    std::string sku;
    std::string location;  // code; empty = the default location
    Quantity delta = 0;    // not 0
    Reason reason = Reason::none;
    std::string note;
    std::optional<std::int64_t> expected_version;  // of the level
};

struct OpeningStock {
    std::string location;  // code; empty = the default location
    Quantity quantity = 0;
};

struct CreateProduct {
    Product product;  // id, version and times are set by decide
    std::vector<OpeningStock> opening_stock;
};

// Fields left empty stay as they are.
struct UpdateProduct {
    std::string sku;
    std::int64_t expected_version = 0;
    std::optional<std::string> name;
    std::optional<std::string> category;
    std::optional<std::string> barcode;
    std::optional<Money> unit_price;
    std::optional<std::string> attributes;
    std::optional<Quantity> reorder_point;
    bool restores = false;  // takes it out of the archive, if it is there
};

// Refused while stock is there or promised.
struct ArchiveProduct {
    std::string sku;
    std::int64_t expected_version = 0;
};

struct CreateLocation {
    std::string code;
    std::string name;
};

// One row of an import file. Empty optionals were not in the file and stay as they are.
struct ImportRow {
    std::int64_t line = 0;  // in the file, for reports; the header is line 1
    std::string sku;
    std::optional<std::string> name;  // required for a new product
    std::optional<std::string> category;
    std::optional<std::string> barcode;
    std::optional<Money> unit_price;
    std::string location;              // code; empty = the default location
    std::optional<Quantity> quantity;  // sets on_hand, as a count
    std::optional<Quantity> reorder_point;
};

inline constexpr std::size_t import_rows_max = 5000;  // per command; a larger file is several commands

// Creates and updates products and sets their stock, in one transaction. With dry_run nothing is changed and the
// outcome tells what would be. Without partial one bad row refuses all rows; with it the good rows are applied.
// A file that is refused so is an ImportDone with applied = false: its counts tell what the good rows would have done.
// A row counts once, as created, updated or skipped, and is taken as a whole or not at all. A SKU may have rows at
// several locations, one at each. The quantity of a product that exists is a `counted` movement (reason import); that
// of a new one is `received` (reason opening_stock); both have the import as their cause. Columns in errors are named
// sku, name, category, barcode, unit_price, currency, location, quantity, reorder_point.
struct ImportProducts {
    std::vector<ImportRow> rows;
    bool dry_run = false;
    bool partial = false;
};

// A new account by its owner, signed in at once. The first account becomes admin; later ones clerk when
// registration_open, else they are refused.
struct RegisterAccount {
    Account account;  // email, name, password_hash
    Session session;  // token_hash, expires_at
    bool registration_open = false;
};

// A new account by an admin.
struct CreateAccount {
    Account account;  // email, name, password_hash, role
};

struct UpdateAccount {
    Uuid account;
    std::optional<Role> role;
    std::optional<bool> disabled;
    std::optional<std::string> name;
    std::optional<std::string> password_hash;  // ends all sessions of the account
};

struct OpenSession {
    Session session;  // token_hash, account, expires_at
};

struct EndSession {
    TokenHash token_hash{};
};

// Notes that a session is in use.
struct TouchSession {
    TokenHash token_hash{};
};

using Command = std::variant<PlaceOrder, FulfilOrder, CancelOrder, AdjustStock, CreateProduct, UpdateProduct,
                             ArchiveProduct, CreateLocation, ImportProducts, RegisterAccount, CreateAccount,
                             UpdateAccount, OpenSession, EndSession, TouchSession>;

}  // namespace onhand::domain
