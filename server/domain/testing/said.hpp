#pragma once
// Outcomes as one short line, so that a test can name what it expects in a table and the naive model can say what it
// predicts. For tests. Pure.
//
//   insufficient_stock A@MAIN 5>3, B@MAIN 1>0      a refusal and its short lines (asked > available)
//   invalid_request /lines/0/quantity              a refusal and the field to blame
//   order 1001 partially_fulfilled v2: A@MAIN 3 f1, B@EAST 2 c2
//   adjusted A@MAIN -2: 8 v3                       on_hand and version afterwards
//   import 3 rows, 1 created, 1 updated, 1 skipped, applied; 4 quantity

#include <string>

#include "domain/outcome.hpp"

namespace onhand::domain::testing {

std::string said(const Outcome& outcome);

// "on_hand-allocated=available vN" of a level without holds, like "10-3=7 v2".
std::string said(const StockLevel& level);

}  // namespace onhand::domain::testing
