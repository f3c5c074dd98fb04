#pragma once
// Reading routines over whole databases: verification and backup. Each opens read-only connections of its own, so they
// run beside a store that is in use, on any thread.

#include <string>
#include <vector>

#include "storage/sqlite/run_set.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::storage::sqlite {

// Recomputes every invariant from the rows, as of one moment. Never throws; a failure to read is a failed check.
std::vector<Check> verify_database(const std::string& path, const std::string& derived_path,
                                   const RunSnapshotPtr& runs);

// Copies the database at `from` to the new file `to`.
Result<void, StoreError> backup_database(const std::string& from, const std::string& to);

}  // namespace onhand::storage::sqlite
