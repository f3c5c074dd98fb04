#pragma once
// Moves everything an embedded database holds into an empty shared one: the command `onhand migrate` calls this, on its
// own thread, with no server running. The source is verified first. All is one transaction of the target, compared with
// the source and verified before it is committed: a failure at any point leaves the target as empty as it was. The
// source is only read; it stays as it is.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/check.hpp"

namespace onhand::storage {

struct MigrationReport {
    std::int64_t items = 0;  // of the feed
    std::int64_t orders = 0;
    std::int64_t movements = 0;
    std::int64_t products = 0;
    std::int64_t locations = 0;
    std::int64_t levels = 0;
    std::int64_t accounts = 0;
    std::int64_t sessions = 0;
    std::int64_t answers = 0;   // of idempotency keys, besides those of placed orders
    std::vector<Check> checks;  // every invariant, in the target; all hold
};

// Called now and then with the feed items moved so far and their number in all.
using MigrationProgress = std::function<void(std::int64_t done, std::int64_t all)>;

// `sqlite_path`: a database that no other process has open. `url`: of a PostgreSQL database without any data of Onhand.
// Fails with one clear line.
Result<MigrationReport, std::string> migrate_sqlite_to_postgres(const std::string& sqlite_path, const std::string& url,
                                                                const MigrationProgress& progress);

}  // namespace onhand::storage
