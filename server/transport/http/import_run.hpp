#pragma once
// Runs the import of one CSV file, for the API's route and for `onhand import`. The file is read twice at most, chunk
// by chunk, so that memory stays at one chunk: first everything is checked (by the reader, and by the engine as a dry
// run), then applied. A file of one chunk without bad rows is applied at once, in one transaction. Quantities in a file
// are counts, so sending a file again is harmless. Blocks; any thread but an io thread or the lane.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "engine/request.hpp"
#include "transport/http/problem.hpp"
#include "transport/http/product_csv.hpp"

namespace onhand::http {

struct ImportOrder {
    ImportKind kind = ImportKind::products;
    std::string currency;  // of prices that the file gives without one
    bool dry_run = false;
    bool partial = false;
};

struct ImportReport {
    domain::ImportDone sum;
    std::optional<Problem> problem;  // nothing was applied; this is the answer
};

// Gives one command to the engine and waits for its outcome.
using SubmitAndWait = std::function<Result<domain::Outcome, engine::Failure>(domain::Command)>;

ImportReport run_import(std::string_view text, const ImportOrder& order, const SubmitAndWait& submit);

// The answer as JSON. Requires that there is no problem.
void append_import(std::string& out, const ImportReport& report, bool dry_run);

}  // namespace onhand::http
