#pragma once
// Migrations of the shared store: the numbered SQL files of storage/migrations/postgres, embedded into the binary by
// the build, and the routine that brings a database up to the newest of them. Called once per open, on the opening
// thread. Instances that start together wait for each other. A database that is newer, or was made by an edited file,
// is refused.

#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"

namespace onhand::storage::postgres {

class Connection;

struct Migration {
    int number = 0;         // 1, 2, 3 …
    const char* name = "";  // file name without .sql
    const char* checksum = "";
    const char* sql = "";
};

// In rising order of their numbers.
std::span<const Migration> embedded_migrations();

// Applies what is missing, all in one transaction. Where tables are in use it steps aside every two seconds, so that
// nobody waits longer behind it, and tries again for some minutes. Returns why the database cannot be used, in one
// line, or nullopt. Throws SqlError when the database fails; nothing was changed then.
std::optional<std::string> migrate(Connection& connection, std::span<const Migration> migrations, UnixMillis now);

}  // namespace onhand::storage::postgres
