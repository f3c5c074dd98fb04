#include "storage/postgres/settings.hpp"

#include <array>

#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr int version_min = 150000;

constexpr Statement select_settings{
    "settings",
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), "
    "current_setting('server_encoding'), pg_is_in_recovery()"};

// Each guard in the schema behind domain::decide, by the name that the first migration gives it.
constexpr std::array constraints = {
    "promised_fits",
    "stock_level_on_hand_check",
    "stock_level_unavailable_check",
    "stock_level_held_check",
    "stock_level_allocated_check",
    "stock_level_incoming_check",
    "stock_level_version_check",
    "order_or_answer",
    "movement_quantity_check",
};
// What is valid only; a constraint that was added NOT VALID has not been checked on the rows there are.
constexpr Statement select_missing{
    "constraints_missing",
    "SELECT wanted FROM unnest($1::text[]) AS wanted WHERE NOT EXISTS (SELECT FROM pg_constraint "
    "WHERE conname = wanted AND contype = 'c' AND convalidated AND connamespace = current_schema()::regnamespace) "
    "ORDER BY wanted LIMIT 1"};

}  // namespace

std::optional<std::string> check_server(Connection& connection) {
    if (connection.server_version() < version_min)
        return "PostgreSQL " + std::to_string(connection.server_version() / 10000) +
               " is too old; onhand needs 15 or newer";
    const SqlResult row = connection.query(select_settings);
    if (row.boolean(0, 4)) return "the PostgreSQL server is a standby, which cannot be written";
    if (row.text(0, 0) != "on") return "the PostgreSQL server runs with fsync = off, so commits would not be durable";
    if (row.text(0, 1) != "on")
        return "the PostgreSQL server runs with full_page_writes = off, so a crash could tear its pages";
    if (row.text(0, 2) == "off")
        return "the PostgreSQL server runs with synchronous_commit = off, so commits would not be durable";
    if (row.text(0, 3) != "UTF8")
        return "the PostgreSQL database has the encoding " + row.string(0, 3) + "; onhand needs UTF8";
    return std::nullopt;
}

std::optional<std::string> check_schema(Connection& connection) {
    Array wanted(Type::text);
    for (const char* name : constraints) wanted.add_text(name);
    Params params;
    params.array(wanted);
    const SqlResult missing = connection.query(select_missing, params);
    if (missing.empty()) return std::nullopt;
    return "the database lacks the constraint " + missing.string(0, 0) + ", so nothing would stop wrong stock";
}

}  // namespace onhand::storage::postgres
