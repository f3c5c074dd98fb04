#include "storage/sqlite/migrations.hpp"

#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

namespace {

// Compares what was applied with what this binary knows. `applied` becomes the number of migrations in the database.
std::optional<std::string> compare(Connection& connection, std::span<const Migration> migrations,
                                   std::size_t& applied) {
    Statement select(connection, "SELECT number, name, checksum FROM schema_migration ORDER BY number");
    auto row = select.open();
    while (row.next()) {
        const std::string name = row.string(1);
        if (applied == migrations.size())
            return "the database was made by a newer onhand: it has migration " + name + ", this one ends at " +
                   (migrations.empty() ? "none" : migrations.back().name);
        const Migration& known = migrations[applied++];
        if (row.integer(0) != known.number || name != known.name)
            return "the database has migration " + name + " where this onhand has " + known.name;
        if (row.text(2) != known.checksum)
            return "migration " + name + " was changed after it was applied (its checksum differs)";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> migrate(Connection& connection, std::span<const Migration> migrations, UnixMillis now) {
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
        "checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT");
    std::size_t applied = 0;
    if (auto refusal = compare(connection, migrations, applied)) return refusal;
    for (const Migration& migration : migrations.subspan(applied)) {
        Transaction transaction(connection, Transaction::Kind::write);
        connection.execute(migration.sql);
        Statement insert(connection, "INSERT INTO schema_migration VALUES (?, ?, ?, ?)");
        insert.run(migration.number, std::string_view(migration.name), std::string_view(migration.checksum), now);
        transaction.commit();
    }
    return std::nullopt;
}

}  // namespace onhand::storage::sqlite
