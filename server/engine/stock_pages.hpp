#pragma once
// Finds the rows of a page of the stock table and of the product list: filter, order, offset and limit to row numbers.
// Reads only; called by the stock view under its shared lock. At most a few sweeps over all levels, whatever is asked:
// with a million of them up to about four milliseconds.

#include <cstdint>
#include <vector>

#include "engine/stock_table.hpp"
#include "engine/stock_view.hpp"

namespace onhand::engine {

struct PickedRows {
    std::vector<Slot> slots;  // of the page, in order
    std::int64_t total = 0;   // of the whole list
};

PickedRows pick_levels(const StockTable& table, const StockFilter& filter);
PickedRows pick_products(const StockTable& table, const ProductFilter& filter);

}  // namespace onhand::engine
