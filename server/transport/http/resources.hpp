#pragma once
// The handlers of the resources, for routes.cpp: one function per method and path. Each is called on the io thread
// after the router has checked the role, the kind and size of the body, the Idempotency-Key and the names of the query
// parameters. The comment beside each gives its row: role, body, key, query parameters. Nothing here knows Beast.

#include <cstddef>

#include "transport/http/exchange.hpp"

namespace onhand::http {

// Limits of request bodies in bytes, for the rows.
inline constexpr std::size_t order_body_bytes_max = 128 * 1024;  // 200 lines, every character escaped
inline constexpr std::size_t catalogue_body_bytes_max = 128 * 1024;
inline constexpr std::size_t adjustment_body_bytes_max = 16 * 1024;
inline constexpr std::size_t import_body_bytes_max = 192 * 1024 * 1024;

// catalogue.cpp
void list_products(Exchange& exchange);    // GET /products: viewer; search category archived limit cursor offset
void create_product(Exchange& exchange);   // POST /products: manager, json, key optional
void get_product(Exchange& exchange);      // GET /products/{sku}: viewer
void update_product(Exchange& exchange);   // PATCH /products/{sku}: manager, json; If-Match
void archive_product(Exchange& exchange);  // DELETE /products/{sku}: manager; If-Match
void list_categories(Exchange& exchange);  // GET /categories: viewer
void list_locations(Exchange& exchange);   // GET /locations: viewer; limit cursor offset
void create_location(Exchange& exchange);  // POST /locations: manager, json, key optional

// stock.cpp
void list_stock(Exchange& exchange);  // GET /stock: viewer; search sku location category state sort limit cursor offset
void get_stock(Exchange& exchange);   // GET /stock/{sku}: viewer; location
void adjust_stock(Exchange& exchange);  // POST /stock/adjustments: manager, json, key required

// orders.cpp
void place_order(Exchange& exchange);   // POST /orders: clerk, json, key required
void list_orders(Exchange& exchange);   // GET /orders: viewer; status search sku mine limit cursor offset
void get_order(Exchange& exchange);     // GET /orders/{id}: viewer
void fulfil_order(Exchange& exchange);  // POST /orders/{id}/fulfil: manager, json (may be empty), key required
void cancel_order(Exchange& exchange);  // POST /orders/{id}/cancel: clerk, json (may be empty), key required

// movements.cpp and feed.cpp
void list_movements(Exchange& exchange);  // GET /movements: viewer; sku location order after limit cursor
void read_feed(Exchange& exchange);       // GET /feed: viewer; after limit

// imports.cpp and exports.cpp
void import_file(Exchange& exchange);       // POST /imports: manager, csv, key optional; kind dry_run partial currency
void export_stock(Exchange& exchange);      // GET /exports/stock.csv: viewer; search sku location category state
void export_orders(Exchange& exchange);     // GET /exports/orders.csv: viewer; status search sku
void export_movements(Exchange& exchange);  // GET /exports/movements.csv: viewer; sku location order

// locks.cpp
void list_locks(Exchange& exchange);  // GET /admin/locks: admin; limit

// bench_noop.cpp, built only with ONHAND_BENCH
void bench_noop(Exchange& exchange);  // POST /bench/noop: as POST /orders

}  // namespace onhand::http
