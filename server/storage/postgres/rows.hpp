#pragma once
// From rows of the shared store to domain values: column lists, and readers of one row of a result. The lists name
// tables by the aliases written beside them. Used by the writing and the reading face, verify and migrate. Pure, any
// thread. Writes nothing.

#include <optional>
#include <string>
#include <string_view>

#include "domain/changes.hpp"
#include "storage/postgres/sql_result.hpp"

namespace onhand::storage::postgres {

// The columns each reader below expects, in this order, from column 0. None names its table.
inline constexpr const char* product_columns =
    "id, sku, name, category, barcode, price_amount, price_currency, attributes, reorder_point, archived, version, "
    "created_at, updated_at";
inline constexpr const char* location_columns = "id, code, name, version, created_at";
inline constexpr const char* level_columns =
    "product, location, on_hand, unavailable, held, allocated, incoming, version, updated_at";
inline constexpr const char* account_columns =
    "id, uuid, email, name, password_hash, role, disabled, version, created_at, updated_at";
inline constexpr const char* session_columns = "token_hash, account, created_at, expires_at, seen_at";
// o: request_result, of rows that are orders.
inline constexpr const char* order_columns =
    "o.id, o.number, o.status, o.version, o.placed_by, o.at, o.updated_at, o.reference, o.customer, o.note, o.lines, "
    "o.progress";
inline constexpr int order_column_count = 12;
inline constexpr int order_states = static_cast<int>(domain::OrderStatus::returned) + 1;

// m: movement, b: its outbox row.
inline constexpr const char* movement_columns =
    "b.first_seq + m.place, m.product, m.location, m.kind, m.quantity, m.from_place, m.to_place, m.reason, m.actor, "
    "m.cause_type, m.cause_id, m.id, m.on_hand, m.unavailable, m.held, m.allocated, m.incoming, m.version, m.at, "
    "m.note";

// The readers throw CorruptRow for values that this version does not know.
domain::Product read_product(const SqlResult& rows, int row);
domain::Location read_location(const SqlResult& rows, int row);
domain::StockLevel read_level(const SqlResult& rows, int row);
domain::Account read_account(const SqlResult& rows, int row);
domain::Session read_session(const SqlResult& rows, int row);
domain::Movement read_movement(const SqlResult& rows, int row);
// With its lines.
domain::Order read_order(const SqlResult& rows, int row);

// The line with index `at` is the first one of its order with its product: at its level the order is counted
// (stock_level.orders).
bool is_first_of_product(const std::vector<domain::OrderLine>& lines, std::size_t at);

// A word of an order (domain/order_search.hpp) as the column `words` holds it: texts of the database are whole
// characters, and a long word may have been cut inside one. nullopt when nothing that can be stored is left.
std::optional<std::string> lexeme_of(std::string_view word);

// The words of an order's reference and customer, joined by spaces, for array_to_tsvector(string_to_array($n, ' ')).
std::string lexemes_of(std::string_view reference, std::string_view customer);

}  // namespace onhand::storage::postgres
