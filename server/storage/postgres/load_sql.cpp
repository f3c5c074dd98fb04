#include "storage/postgres/load_sql.hpp"

#include "storage/postgres/rows.hpp"

namespace onhand::storage::postgres::load_sql {

namespace {

std::string select(const std::string& columns, const char* rest) {
    return "SELECT " + columns + " FROM " + rest;
}

// Behind the columns of a level: the fence.
const std::string level_and_fence = std::string(level_columns) + ", fence";

const std::string lock_orders_text =
    select(order_columns, "request_result o WHERE o.id = ANY($1::uuid[]) ORDER BY o.id FOR UPDATE");
const std::string known_keys_text =
    select(std::string(order_columns) + ", o.key, o.fingerprint, o.answer_status, o.answer",
           "request_result o WHERE o.key = ANY($1::uuid[])");
const std::string lock_levels_text =
    select(level_and_fence,
           "unnest($1::bigint[], $2::bigint[]) AS k (p, l) JOIN stock_level ON product = k.p AND "
           "location = k.l ORDER BY product, location FOR UPDATE OF stock_level");
const std::string lock_levels_and_all_of_text =
    select(level_and_fence,
           "(SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS u (p, l) UNION SELECT product, location FROM "
           "stock_level WHERE product = ANY($3::bigint[])) AS k JOIN stock_level ON product = k.p AND location = k.l "
           "ORDER BY product, location FOR UPDATE OF stock_level");
const std::string products_text = select(product_columns, "product WHERE id = ANY($1::bigint[])");
const std::string locations_text = select(location_columns, "location WHERE id = ANY($1::bigint[])");
const std::string lock_accounts_named_text =
    select(account_columns, "account WHERE email = ANY($1::text[]) OR uuid = ANY($2::uuid[]) ORDER BY id FOR UPDATE");
const std::string accounts_by_id_text =
    select(account_columns, "account WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE");
const std::string lock_sessions_text =
    select(session_columns, "session WHERE token_hash = ANY($1::bytea[]) ORDER BY token_hash FOR UPDATE");
const std::string accounts_of_sessions_text = select(
    account_columns, "account WHERE id IN (SELECT s.account FROM session s WHERE s.token_hash = ANY($1::bytea[]))");

}  // namespace

const Statement lock_orders{"lock_orders", lock_orders_text.c_str()};
const Statement lock_products{"lock_products",
                              "SELECT id FROM product WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"};
const Statement lock_levels{"lock_levels", lock_levels_text.c_str()};
const Statement lock_levels_and_all_of{"lock_levels_and_all_of", lock_levels_and_all_of_text.c_str()};
const Statement stamp{"stamp",
                      "SELECT pg_current_xact_id()::text::bigint, nextval('outbox_id_seq'), "
                      "CASE WHEN $1::boolean THEN nextval('fence') ELSE 0 END"};
const Statement draw_order_numbers{"draw_order_numbers",
                                   "SELECT nextval('order_number') FROM generate_series(1, $1::bigint)"};
const Statement draw_product_ids{"draw_product_ids",
                                 "SELECT nextval('product_id') FROM generate_series(1, $1::bigint)"};
const Statement draw_location_ids{"draw_location_ids",
                                  "SELECT nextval('location_id') FROM generate_series(1, $1::bigint)"};
const Statement draw_account_ids{"draw_account_ids",
                                 "SELECT nextval('account_id') FROM generate_series(1, $1::bigint)"};
const Statement known_keys{"known_keys", known_keys_text.c_str()};
const Statement product_names{"product_names", "SELECT id, sku FROM product WHERE sku = ANY($1::text[])"};
const Statement location_names{"location_names", "SELECT id, code FROM location WHERE code = ANY($1::text[])"};
const Statement products{"load_products", products_text.c_str()};
const Statement locations{"load_locations", locations_text.c_str()};
const Statement lock_accounts{"lock_account_guard", "SELECT id FROM account_guard FOR UPDATE"};
const Statement count_accounts{"count_accounts",
                               "SELECT count(*), count(*) FILTER (WHERE role = 3 AND NOT disabled) FROM account"};
const Statement lock_accounts_named{"lock_accounts_named", lock_accounts_named_text.c_str()};
const Statement accounts_by_id{"accounts_by_id", accounts_by_id_text.c_str()};
const Statement lock_sessions{"lock_sessions", lock_sessions_text.c_str()};
const Statement accounts_of_sessions{"accounts_of_sessions", accounts_of_sessions_text.c_str()};

}  // namespace onhand::storage::postgres::load_sql
