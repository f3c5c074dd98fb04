#pragma once
// The stock table as CSV, made page by page, for the export's route and for `onhand export`. One export belongs to one
// thread at a time; memory stays at one page.

#include <string>

#include "engine/queries.hpp"
#include "engine/stock_view.hpp"
#include "transport/http/exchange.hpp"

namespace onhand::http {

// In the columns that an import reads, and some for readers.
class StockExport {
  public:
    // `stock` and `queries` must outlive the export.
    StockExport(const engine::StockView& stock, const engine::Queries& queries, engine::StockFilter filter);

    // Fills the empty `out` with the next piece. Blocks on the database.
    Piece next(std::string& out);

  private:
    const engine::StockView& stock_;
    const engine::Queries& queries_;
    engine::StockFilter filter_;
    bool begun_ = false;
};

}  // namespace onhand::http
