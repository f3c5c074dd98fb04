#pragma once
// The parts of verification: each streams over the rows of one connection, which is in a read transaction, and notes
// what it finds. Memory is bounded by the numbers of levels and products. For verify.cpp only.

#include <string>

#include "storage/findings.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/run_set.hpp"

namespace onhand::storage::sqlite {

// feed_has_no_gaps, versions_step_by_one, available_never_negative, fold_of_feed_equals_levels, units_conserved.
void verify_ledger(Connection& connection, Findings& findings);
// allocated_equals_open_lines, orders_follow_their_events, ids_rise, one_result_per_key.
void verify_orders(Connection& connection, Findings& findings);
// derived_store_equals_recomputation. Makes a temporary file beside the database.
void verify_derived(const std::string& path, const std::string& derived_path, Findings& findings);
// runs_equal_recomputation.
void verify_runs(const std::string& path, const RunSnapshotPtr& runs, Findings& findings);

}  // namespace onhand::storage::sqlite
