#include "transport/http/routes.hpp"

#include "transport/http/accounts.hpp"
#include "transport/http/resources.hpp"
#include "transport/http/system.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view order_list = "status search sku mine limit cursor offset";
constexpr std::string_view order_export = "status search sku";
constexpr std::string_view stock_list = "search sku location category state sort limit cursor offset";
constexpr std::string_view stock_export = "search sku location category state";
constexpr std::string_view product_list = "search category archived limit cursor offset";
constexpr std::string_view movement_list = "sku location order after limit cursor";
constexpr std::string_view movement_export = "sku location order";

// table: method, path, least role, body, Idempotency-Key, bytes of the body, query parameters, handler
// clang-format off
constexpr Route table[] = {
    {"POST", "/api/v1/auth/register", Access::open, Body::json, KeyNeed::none, account_body_bytes_max, "", register_account},
    {"POST", "/api/v1/auth/login", Access::open, Body::json, KeyNeed::none, account_body_bytes_max, "", log_in},
    {"POST", "/api/v1/auth/logout", Access::viewer, Body::none, KeyNeed::none, 0, "", log_out},
    {"GET", "/api/v1/auth/me", Access::viewer, Body::none, KeyNeed::none, 0, "", who_am_i},
    {"GET", "/api/v1/auth/status", Access::open, Body::none, KeyNeed::none, 0, "", auth_status},
    {"GET", "/api/v1/users", Access::admin, Body::none, KeyNeed::none, 0, "limit", list_users},
    {"POST", "/api/v1/users", Access::admin, Body::json, KeyNeed::none, account_body_bytes_max, "", create_user},
    {"PATCH", "/api/v1/users/{id}", Access::admin, Body::json, KeyNeed::none, account_body_bytes_max, "", update_user},

    {"GET", "/api/v1/products", Access::viewer, Body::none, KeyNeed::none, 0, product_list, list_products},
    {"POST", "/api/v1/products", Access::manager, Body::json, KeyNeed::optional, catalogue_body_bytes_max, "", create_product},
    {"GET", "/api/v1/products/{sku}", Access::viewer, Body::none, KeyNeed::none, 0, "", get_product},
    {"PATCH", "/api/v1/products/{sku}", Access::manager, Body::json, KeyNeed::none, catalogue_body_bytes_max, "", update_product},
    {"DELETE", "/api/v1/products/{sku}", Access::manager, Body::none, KeyNeed::none, 0, "", archive_product},
    {"GET", "/api/v1/categories", Access::viewer, Body::none, KeyNeed::none, 0, "", list_categories},
    {"GET", "/api/v1/locations", Access::viewer, Body::none, KeyNeed::none, 0, "limit cursor offset", list_locations},
    {"POST", "/api/v1/locations", Access::manager, Body::json, KeyNeed::optional, catalogue_body_bytes_max, "", create_location},

    {"GET", "/api/v1/stock", Access::viewer, Body::none, KeyNeed::none, 0, stock_list, list_stock},
    {"GET", "/api/v1/stock/{sku}", Access::viewer, Body::none, KeyNeed::none, 0, "location", get_stock},
    {"POST", "/api/v1/stock/adjustments", Access::manager, Body::json, KeyNeed::required, adjustment_body_bytes_max, "", adjust_stock},
    {"GET", "/api/v1/movements", Access::viewer, Body::none, KeyNeed::none, 0, movement_list, list_movements},

    {"POST", "/api/v1/orders", Access::clerk, Body::json, KeyNeed::required, order_body_bytes_max, "", place_order},
    {"GET", "/api/v1/orders", Access::viewer, Body::none, KeyNeed::none, 0, order_list, list_orders},
    {"GET", "/api/v1/orders/{id}", Access::viewer, Body::none, KeyNeed::none, 0, "", get_order},
    {"POST", "/api/v1/orders/{id}/fulfil", Access::manager, Body::json, KeyNeed::required, order_body_bytes_max, "", fulfil_order},
    {"POST", "/api/v1/orders/{id}/cancel", Access::clerk, Body::json, KeyNeed::required, order_body_bytes_max, "", cancel_order},

    {"GET", "/api/v1/feed", Access::viewer, Body::none, KeyNeed::none, 0, "after limit", read_feed},
    {"POST", "/api/v1/imports", Access::manager, Body::csv, KeyNeed::optional, import_body_bytes_max, "kind dry_run partial currency", import_file},
    {"GET", "/api/v1/exports/stock.csv", Access::viewer, Body::none, KeyNeed::none, 0, stock_export, export_stock},
    {"GET", "/api/v1/exports/orders.csv", Access::viewer, Body::none, KeyNeed::none, 0, order_export, export_orders},
    {"GET", "/api/v1/exports/movements.csv", Access::viewer, Body::none, KeyNeed::none, 0, movement_export, export_movements},

    {"GET", "/api/v1/admin/locks", Access::admin, Body::none, KeyNeed::none, 0, "limit", list_locks},

    {"GET", "/healthz", Access::open, Body::none, KeyNeed::none, 0, "", health},
    {"GET", "/readyz", Access::open, Body::none, KeyNeed::none, 0, "", readiness},
    {"GET", "/version", Access::open, Body::none, KeyNeed::none, 0, "", version},
    {"GET", "/metrics", Access::open, Body::none, KeyNeed::none, 0, "", metrics},
    {"GET", "/openapi.json", Access::open, Body::none, KeyNeed::none, 0, "", openapi_json},
    {"GET", "/docs", Access::open, Body::none, KeyNeed::none, 0, "", docs_page},
    {"GET", "/docs/style.css", Access::open, Body::none, KeyNeed::none, 0, "", docs_style},
    {"GET", "/docs/problems/{code}", Access::open, Body::none, KeyNeed::none, 0, "", docs_problem},
#ifdef ONHAND_BENCH
    {"POST", "/bench/noop", Access::clerk, Body::json, KeyNeed::required, order_body_bytes_max, "", bench_noop},
#endif
};
// clang-format on

}  // namespace

std::span<const Route> routes() {
    return table;
}

}  // namespace onhand::http
