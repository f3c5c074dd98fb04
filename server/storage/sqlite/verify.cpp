#include "storage/sqlite/verify.hpp"

#include <algorithm>
#include <filesystem>

#include "storage/sqlite/derived_store.hpp"
#include "storage/sqlite/verify_parts.hpp"

namespace onhand::storage::sqlite {

namespace {

constexpr const char* sound = "database_is_sound";
constexpr const char* derived = "derived_store_equals_recomputation";

void verify_file(Connection& connection, Findings& findings) {
    findings.guard(sound, [&] {
        const std::string answer = connection.query_text("PRAGMA integrity_check(1)");
        if (answer != "ok") findings.fail(sound, answer);
        Statement foreign(connection, "PRAGMA foreign_key_check");
        auto row = foreign.open();
        if (row.next()) findings.fail(sound, "a row of " + row.string(0) + " names a row that is not there");
    });
}

void remove_scratch(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path + suffix, ignored);
}

// The first difference between what `sql` gives on the two databases, or an empty text.
std::string first_difference(Connection& one, Connection& other, const char* sql, const char* what) {
    Statement first(one, sql);
    Statement second(other, sql);
    auto left = first.open();
    auto right = second.open();
    while (true) {
        const bool more_left = left.next();
        const bool more_right = right.next();
        if (more_left != more_right) return std::string(what) + " are too many or too few";
        if (!more_left) return {};
        for (int column = 0; column < 3; ++column)
            if (left.text(column) != right.text(column))
                return std::string(what) + " differ at " + left.string(0) + " " + left.string(1);
    }
}

void compare_derived(const std::string& path, const std::string& derived_path, const std::string& scratch,
                     Findings& findings) {
    Connection stored(derived_path, Connection::Mode::read);
    Transaction moment(stored, Transaction::Kind::read);
    const domain::FeedSeq applied = stored.query_int("SELECT applied_seq FROM meta");
    DerivedSource source(path);
    Connection fresh(scratch, Connection::Mode::write);
    fresh.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
    DerivedIndex::create(fresh, source.database_id());
    DerivedIndex index(fresh);
    for (domain::FeedSeq done = 0; done < applied;) {
        const domain::FeedSeq next = std::min(applied, done + stretch_max);
        source.collect(done, next, &index, nullptr);
        index.flush(next);
        done = next;
    }
    // How orders are cut into chunks and groups depends on their content alone, so the tables must be alike row by row.
    const auto groups = first_difference(stored, fresh,
                                         "SELECT first_seq, last_seq, n0 || ' ' || n1 || ' ' || n2 || ' ' || n3 || "
                                         "' ' || n4 || ' ' || n5 FROM order_group ORDER BY first_seq",
                                         "counts of orders");
    if (!groups.empty()) findings.fail(derived, groups);
    const auto chunks = first_difference(
        stored, fresh,
        "SELECT first_seq, last_seq || ' ' || n0 || ' ' || n1 || ' ' || n2 || ' ' || n3 || ' ' || n4 || "
        "' ' || n5, hex(entries) FROM order_chunk ORDER BY first_seq",
        "orders");
    if (!chunks.empty()) findings.fail(derived, chunks);
}

}  // namespace

void verify_derived(const std::string& path, const std::string& derived_path, Findings& findings) {
    const std::string scratch = derived_path + ".verify";
    remove_scratch(scratch);
    findings.guard(derived, [&] { compare_derived(path, derived_path, scratch, findings); });
    remove_scratch(scratch);
}

std::vector<Check> verify_database(const std::string& path, const std::string& derived_path,
                                   const RunSnapshotPtr& runs) {
    Findings findings;
    const char* readable = "database_can_be_read";
    findings.guard(readable, [&] {
        Connection connection(path, Connection::Mode::read);
        connection.execute("PRAGMA cache_size = -65536; PRAGMA query_only = ON;");
        Transaction moment(connection, Transaction::Kind::read);
        verify_file(connection, findings);
        verify_ledger(connection, findings);
        verify_orders(connection, findings);
    });
    verify_derived(path, derived_path, findings);
    verify_runs(path, runs, findings);
    return findings.take();
}

}  // namespace onhand::storage::sqlite
