#include <algorithm>

#include "storage/ledger_fold.hpp"
#include "storage/sqlite/verify_parts.hpp"

// The feed from its first number to its last, and the ledger folded over again.

namespace onhand::storage::sqlite {

namespace {

constexpr const char* gaps = "feed_has_no_gaps";
constexpr const char* fold = "fold_of_feed_equals_levels";

// Each number of the feed is in exactly one of the three tables.
void check_numbers(Connection& connection, Findings& findings) {
    Statement orders(connection, "SELECT seq FROM orders ORDER BY seq");
    Statement movements(connection, "SELECT seq FROM movement ORDER BY seq");
    Statement events(connection, "SELECT seq FROM event ORDER BY seq");
    Cursor cursors[] = {orders.open(), movements.open(), events.open()};
    domain::FeedSeq next[] = {0, 0, 0};
    const auto advance = [&](int table) {
        next[table] = cursors[table].next() ? cursors[table].integer(0) : INT64_MAX;
    };
    for (int table = 0; table < 3; ++table) advance(table);
    for (domain::FeedSeq expected = 1;; ++expected) {
        const auto least = static_cast<int>(std::min_element(next, next + 3) - next);
        if (next[least] == INT64_MAX) return;
        if (next[least] != expected) {
            findings.fail(gaps, std::string(next[least] > expected ? "missing" : "twice") + " at feed number " +
                                    std::to_string(std::min(next[least], expected)));
            return;
        }
        advance(least);
    }
}

void fold_ledger(Connection& connection, LedgerFold& ledger) {
    Statement movements(connection, std::string("SELECT ") + movement_columns + " FROM movement ORDER BY seq");
    for (auto row = movements.open(); row.next();) ledger.add(read_movement(row));
    Statement levels(connection, std::string("SELECT ") + level_columns + " FROM level");
    for (auto row = levels.open(); row.next();) ledger.compare(read_level(row));
    ledger.finish();
}

}  // namespace

void verify_ledger(Connection& connection, Findings& findings) {
    findings.guard(gaps, [&] { check_numbers(connection, findings); });
    LedgerFold ledger(findings);
    findings.guard(fold, [&] { fold_ledger(connection, ledger); });
}

}  // namespace onhand::storage::sqlite
