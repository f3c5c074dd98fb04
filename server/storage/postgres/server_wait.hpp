#pragma once
// Waiting for a PostgreSQL server that is not there yet: after a power cut or a fail-over a program is often started
// before its database. Used by PostgresStorage::open on the opening thread; asks without signing in (PQping), so a
// wrong password or a missing database is nobody's reason to wait.

#include <chrono>
#include <string>

namespace onhand::storage::postgres {

// Returns when the server of `url` takes connections, when it cannot be asked (a URL that makes no sense), or after
// `patience`, whatever is first; what is wrong then shows when one connects. A single question takes at most
// `connect_timeout`, in full seconds. Says once in the log that it waits.
void wait_for_server(const std::string& url, std::chrono::milliseconds connect_timeout,
                     std::chrono::milliseconds patience);

}  // namespace onhand::storage::postgres
