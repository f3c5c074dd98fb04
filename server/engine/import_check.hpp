#pragma once
// Judges the rows of an import as a dry run without the lane: on what readers see of levels and locations, and on
// product rows read from the store. So a check of a large file costs the orders nothing. What was answered before is
// seen; what changes meanwhile is found when the rows are applied. Blocks on the database; any thread but an io thread
// or a lane.

#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "engine/queries.hpp"
#include "engine/stock_view.hpp"

namespace onhand::engine {

// Counts and errors as the engine would tell them; `applied` is false. Requires at most domain::import_rows_max rows.
Result<domain::ImportDone, ReadError> check_import(domain::ImportProducts import, const StockView& stock,
                                                   const Queries& queries, UnixMillis now);

}  // namespace onhand::engine
