#pragma once
// What a PostgreSQL server must be like before Onhand trusts it with orders. Asked on every new connection of the
// writing face, so that a fail-over to another server is checked too. The connection's thread.

#include <optional>
#include <string>

namespace onhand::storage::postgres {

class Connection;

// Why the server must not be used, in one line, or nullopt. The isolation level is no matter here: every transaction
// says its own. Throws SqlError when the server fails.
std::optional<std::string> check_server(Connection& connection);

// Why the tables, which are there, must not be used. Throws SqlError.
std::optional<std::string> check_schema(Connection& connection);

}  // namespace onhand::storage::postgres
