#pragma once
// The statements that write a batch, besides the inserts, for batch_writer.cpp alone. Each takes whole columns as
// arrays, in the order of the names behind its AS. Statements that change rows count them: a row that is not as it was
// read makes the division fail, and with it the transaction, also when COMMIT is behind it in the same pipeline.

#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres::batch_sql {

inline constexpr Statement update_products{
    "update_products",
    "WITH changed AS (UPDATE product p SET name = u.name, category = u.category, barcode = u.barcode, "
    "price_amount = u.price_amount, price_currency = u.price_currency, attributes = u.attributes, "
    "reorder_point = u.reorder_point, archived = u.archived, version = u.version, updated_at = u.updated_at "
    "FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], "
    "$9::boolean[], $10::bigint[], $11::bigint[], $12::bigint[]) AS u (id, name, category, barcode, price_amount, "
    "price_currency, attributes, reorder_point, archived, version, updated_at, was) "
    "WHERE p.id = u.id AND p.version = u.was RETURNING 1) "
    "SELECT 1 / (count(*) = $13::bigint)::int FROM changed"};

inline constexpr Statement update_levels{
    "update_levels",
    "WITH changed AS (UPDATE stock_level s SET on_hand = u.on_hand, unavailable = u.unavailable, held = u.held, "
    "allocated = u.allocated, incoming = u.incoming, version = u.version, fence = $12::bigint, "
    "updated_at = u.updated_at, orders = s.orders + u.orders "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], "
    "$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[]) AS u (product, location, on_hand, unavailable, held, "
    "allocated, incoming, version, updated_at, orders, was) "
    "WHERE s.product = u.product AND s.location = u.location AND s.version = u.was AND s.fence <= $12::bigint "
    "RETURNING 1) SELECT 1 / (count(*) = $13::bigint)::int FROM changed"};

// Draws the id of the outbox row too: after the levels were locked, so a product's batches have rising ids.
inline constexpr Statement compare_presumed{
    "compare_presumed",
    "SELECT 1 / ((SELECT count(*) FROM unnest($1::bigint[], $2::bigint[]) AS k (id, version) "
    "JOIN product p ON p.id = k.id AND p.version = k.version) + "
    "(SELECT count(*) FROM unnest($3::bigint[], $4::bigint[]) AS k (id, version) "
    "JOIN location l ON l.id = k.id AND l.version = k.version) = $5::bigint)::int, nextval('outbox_id_seq')"};

// Later: without a repetition, because a batch changes an order in one statement.
inline constexpr Statement update_orders{
    "update_orders",
    "WITH changed AS (UPDATE request_result r SET status = u.status, version = u.version, updated_at = u.updated_at, "
    "progress = u.progress, later = r.later || $6::bigint "
    "FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bytea[]) "
    "AS u (id, status, version, updated_at, progress) "
    "WHERE r.id = u.id RETURNING 1) SELECT 1 / (count(*) = $7::bigint)::int FROM changed"};

inline constexpr Statement delete_sessions{"delete_sessions",
                                           "DELETE FROM session WHERE token_hash = ANY($1::bytea[])"};

inline constexpr Statement delete_sessions_of{"delete_sessions_of",
                                              "DELETE FROM session WHERE account = ANY($1::bigint[])"};

inline constexpr Statement insert_outbox{"insert_outbox",
                                         "INSERT INTO outbox (id, n, changes, orders) "
                                         "VALUES (coalesce($1, (SELECT currval('outbox_id_seq'))), $2, $3, $4)"};

}  // namespace onhand::storage::postgres::batch_sql
