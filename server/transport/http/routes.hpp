#pragma once
// The route table: one row per method and path, and the only place where roles, body kinds and the need for an
// Idempotency-Key are said. Adding a resource = its file and rows in routes.cpp; openapi.yaml must agree (tested).

#include <optional>
#include <span>
#include <string_view>

#include "domain/names.hpp"
#include "transport/http/exchange.hpp"

namespace onhand::http {

enum class Access { open, viewer, clerk, manager, admin };  // the least role; open = no session needed
enum class Body { none, json, csv };
enum class KeyNeed { none, optional, required };  // Idempotency-Key

struct Route {
    std::string_view method;
    std::string_view path;  // "/api/v1/orders/{id}/cancel"
    Access access = Access::admin;
    Body body = Body::none;
    KeyNeed key = KeyNeed::none;
    std::size_t body_bytes_max = 0;
    // Query parameters the route knows, separated by spaces; all others are 400.
    std::string_view query_parameters;
    Handler handler = nullptr;
};

std::span<const Route> routes();

}  // namespace onhand::http
