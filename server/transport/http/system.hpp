#pragma once
// The handlers about the process itself, for routes.cpp: health, readiness, version, metrics, and the documentation of
// the API. All are open and answer GET only. Called on io threads.

#include <string_view>

#include "transport/http/exchange.hpp"

namespace onhand::http {

inline constexpr std::uint64_t ready_queue_max = 8192;  // commands waiting; with more the server is not ready

void health(Exchange& exchange);        // GET /healthz: the process runs
void readiness(Exchange& exchange);     // GET /readyz: it can serve; 503 lists what is wrong
void version(Exchange& exchange);       // GET /version
void metrics(Exchange& exchange);       // GET /metrics: Prometheus text
void openapi_json(Exchange& exchange);  // GET /openapi.json
void docs_page(Exchange& exchange);     // GET /docs: the routes as a plain page
void docs_style(Exchange& exchange);    // GET /docs/style.css
void docs_problem(Exchange& exchange);  // GET /docs/problems/{code}

// The OpenAPI document as JSON; made from openapi.yaml when the program is built.
std::string_view openapi_document();

}  // namespace onhand::http
