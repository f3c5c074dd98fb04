#pragma once
// The filter and order of the stock table as query parameters; shared by the list and the export. Pure.

#include "engine/stock_view.hpp"
#include "transport/http/list_query.hpp"

namespace onhand::http {

// Reads search, sku, location, category and state.
engine::StockFilter read_stock_filter(ListQuery& list);
// Reads sort: a column, with a minus in front for descending.
void read_stock_sort(ListQuery& list, engine::StockFilter& filter);

}  // namespace onhand::http
