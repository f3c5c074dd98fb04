#pragma once
// The filter of orders as query parameters; shared by the list and the export. Pure.

#include <optional>

#include "domain/views.hpp"
#include "engine/stock_view.hpp"
#include "transport/http/list_query.hpp"

namespace onhand::http {

// Reads status, search and sku. nullopt when the SKU is not known, so that nothing can match.
std::optional<domain::OrderFilter> read_order_filter(ListQuery& list, const engine::StockView& stock);

}  // namespace onhand::http
