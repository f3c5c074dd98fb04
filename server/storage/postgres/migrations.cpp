#include "storage/postgres/migrations.hpp"

#include <chrono>
#include <thread>

#include "base/log.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/sql_error.hpp"

namespace onhand::storage::postgres {

namespace {

// Held by whoever migrates; any number that nobody else uses in this database ("onhand" in ASCII).
constexpr const char* take_lock = "SELECT pg_advisory_xact_lock(122511630757476)";
// Who waits for the lock of a whole table makes all who come later wait behind it, so nobody waits for it for long
// while somebody reads for minutes (an export, a backup). The lock above may take as long as the migration of another
// takes.
constexpr const char* wait_little = "SET LOCAL lock_timeout = '2s'";
constexpr std::string_view lock_not_available = "55P03";
constexpr int attempts_max = 100;
constexpr std::chrono::seconds attempt_pause{1};
constexpr const char* make_table =
    "CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, "
    "checksum text NOT NULL, applied_at bigint NOT NULL)";
constexpr Statement select_applied{"migration_applied",
                                   "SELECT number, name, checksum FROM schema_migration ORDER BY number"};
constexpr Statement insert_applied{"migration_insert", "INSERT INTO schema_migration VALUES ($1, $2, $3, $4)"};

// Compares what was applied with what this binary knows. `applied` becomes the number of migrations in the database.
std::optional<std::string> compare(Connection& connection, std::span<const Migration> migrations,
                                   std::size_t& applied) {
    const SqlResult rows = connection.query(select_applied);
    for (int row = 0; row < rows.rows(); ++row) {
        const std::string name = rows.string(row, 1);
        if (applied == migrations.size())
            return "the database was made by a newer onhand: it has migration " + name + ", this one ends at " +
                   (migrations.empty() ? "none" : migrations.back().name);
        const Migration& known = migrations[applied++];
        if (rows.integer(row, 0) != known.number || name != known.name)
            return "the database has migration " + name + " where this onhand has " + known.name;
        if (rows.text(row, 2) != known.checksum)
            return "migration " + name + " was changed after it was applied (its checksum differs)";
    }
    return std::nullopt;
}

void apply(Connection& connection, std::span<const Migration> migrations, UnixMillis now) {
    for (const Migration& migration : migrations) {
        connection.execute_script(migration.sql);
        Params params;
        params.int32(migration.number).text(migration.name).text(migration.checksum).int64(now);
        connection.query(insert_applied, params);
    }
}

std::optional<std::string> migrate_once(Connection& connection, std::span<const Migration> migrations, UnixMillis now) {
    connection.begin(Isolation::read_committed);
    try {
        connection.execute(take_lock);
        connection.execute(wait_little);
        connection.execute(make_table);
        std::size_t applied = 0;
        if (auto refusal = compare(connection, migrations, applied)) {
            connection.rollback();
            return refusal;
        }
        apply(connection, migrations.subspan(applied), now);
        connection.commit();
    } catch (const SqlError&) {
        connection.rollback();
        throw;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> migrate(Connection& connection, std::span<const Migration> migrations, UnixMillis now) {
    for (int attempt = 1;; ++attempt) {
        try {
            return migrate_once(connection, migrations, now);
        } catch (const SqlError& error) {
            if (!error.is(lock_not_available) || attempt == attempts_max) throw;
            log::info("postgres", "the tables are in use; their change is tried again in a second");
            std::this_thread::sleep_for(attempt_pause);
        }
    }
}

}  // namespace onhand::storage::postgres
