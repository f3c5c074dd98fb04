#pragma once
// Runs the import of one CSV file, for the API's route and for `onhand import`. A file of at most
// domain::import_rows_max good rows is applied at once, in one transaction. A larger one is read twice, part by part:
// first everything is checked, beside the lane, then it is applied in short transactions, so that orders get their turn
// between them. Memory: the text, some 40 bytes a row to know repeated rows by, and two parts. Quantities in a file are
// counts, so sending a file again is harmless. Blocks; any thread but an io thread or the lane.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "engine/queries.hpp"
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

// What a run needs of the engine. Both block.
struct ImportSteps {
    // Judges rows as a dry run, without holding up the lane (engine/import_check.hpp).
    std::function<Result<domain::ImportDone, engine::ReadError>(domain::ImportProducts)> check;
    // Gives one command to the engine and waits for its outcome. After a failure the command is as it was. Called on
    // another thread than the run's, one call at a time.
    std::function<Result<domain::Outcome, engine::Failure>(domain::Command&)> submit;
    // How many commands the engine has taken on so far, whoever's.
    std::function<std::uint64_t()> commands;
    const Clock& clock;
};

ImportReport run_import(std::string_view text, const ImportOrder& order, const ImportSteps& steps);

// The answer as JSON. Requires that there is no problem.
void append_import(std::string& out, const ImportReport& report, bool dry_run);

}  // namespace onhand::http
