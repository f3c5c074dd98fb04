#pragma once
// The filter of the ledger as query parameters, and the names behind its rows; shared by the list and the export.

#include <optional>
#include <vector>

#include "domain/views.hpp"
#include "engine/stock_view.hpp"
#include "transport/http/list_query.hpp"

namespace onhand::http {

// Reads sku, location and order. nullopt when a name is not known, so that nothing can match.
std::optional<domain::MovementFilter> read_movement_filter(ListQuery& list, const engine::StockView& stock);

// SKU and location code of each movement's level, in order.
std::vector<engine::StockView::Names> names_of(const engine::StockView& stock,
                                               const std::vector<domain::Movement>& movements);

}  // namespace onhand::http
