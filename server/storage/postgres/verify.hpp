#pragma once
// Verification of the shared store: recomputes every invariant from the rows, as of one moment, beside instances that
// go on working. Opens a connection of its own; any thread. Takes time in proportion to the data and memory in
// proportion to the levels. Changes nothing.

#include <vector>

#include "storage/check.hpp"
#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres {

// One line per invariant. Never throws; a failure to read is a failed check. Time-outs and settings of `options` are
// replaced.
std::vector<Check> verify_database(ConnectOptions options);

// The same in the transaction that is open on `connection`.
std::vector<Check> verify_open_transaction(Connection& connection);

}  // namespace onhand::storage::postgres
