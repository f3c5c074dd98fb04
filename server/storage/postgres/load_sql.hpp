#pragma once
// The statements that load a batch, for row_loader.cpp and its other half, row_reader.cpp, alone. Those that lock say
// so in their names; they lock in the order of the keys.

#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres::load_sql {

extern const Statement lock_orders;
extern const Statement lock_products;
extern const Statement lock_levels;
// The pairs, and all levels of the third parameter's products.
extern const Statement lock_levels_and_all_of;
// Transaction, outbox row and, when asked for, fence. pg_current_xact_id() also gives the transaction its id.
extern const Statement stamp;
extern const Statement draw_order_numbers;
extern const Statement draw_product_ids;
extern const Statement draw_location_ids;
extern const Statement draw_account_ids;
// The results of the keys: whole orders, or answers.
extern const Statement known_keys;
extern const Statement product_names;
extern const Statement location_names;
extern const Statement products;
extern const Statement locations;
// One at a time makes accounts or changes them.
extern const Statement lock_accounts;
extern const Statement count_accounts;
extern const Statement lock_accounts_named;
// Shared: who opens a session must not cross with who disables its account.
extern const Statement accounts_by_id;
extern const Statement lock_sessions;
extern const Statement accounts_of_sessions;

}  // namespace onhand::storage::postgres::load_sql
