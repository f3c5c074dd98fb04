#pragma once
// The parts of verification: each reads through one connection, which is in a read transaction, and notes what it
// finds. For verify.cpp only.

#include "storage/findings.hpp"
#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres {

// Walks through all batches of the outbox, the numbered ones in their order and then those that wait for a number, and
// holds the rows against them: feed_has_no_gaps, ledger_follows_the_feed, orders_follow_their_events,
// one_result_per_key, allocated_equals_open_lines, and what storage/ledger_fold.hpp checks.
void verify_feed(Connection& connection, Findings& findings);

// order_numbers_are_unique.
void verify_orders(Connection& connection, Findings& findings);

// levels_have_their_names: the product and the location of each level are there.
void verify_levels(Connection& connection, Findings& findings);

}  // namespace onhand::storage::postgres
