#pragma once
// The handlers of accounts and sign-in, for routes.cpp. They need the hashing pool, the limiter and the options, so
// they use CoreExchange; called on io threads. What they check of a body is its form; the domain judges the rest.

#include <cstddef>

#include "transport/http/exchange.hpp"

namespace onhand::http {

inline constexpr std::size_t account_body_bytes_max = 16 * 1024;

void register_account(Exchange& exchange);  // POST /auth/register: open, json
void log_in(Exchange& exchange);            // POST /auth/login: open, json
void log_out(Exchange& exchange);           // POST /auth/logout: viewer
void who_am_i(Exchange& exchange);          // GET /auth/me: viewer
void auth_status(Exchange& exchange);       // GET /auth/status: open
void list_users(Exchange& exchange);        // GET /users: admin; limit
void create_user(Exchange& exchange);       // POST /users: admin, json
void update_user(Exchange& exchange);       // PATCH /users/{id}: admin, json; If-Match optional

}  // namespace onhand::http
