#include "storage/sqlite/database.hpp"

#include <algorithm>
#include <mutex>

namespace onhand::storage::sqlite {

namespace {

// SQLite counts its memory under one global lock; nobody here asks for the count, so it is turned off. Has an effect
// only before SQLite is first used in the process; later it is refused and harmless.
void configure_once() {
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

}  // namespace

StoreError to_store_error(const SqlError& error) {
    const std::string detail = "sqlite " + std::to_string(error.code()) + ": " + error.what();
    switch (error.primary()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {StoreErrc::conflict, detail};
        case SQLITE_FULL:
            return {StoreErrc::full, detail};
        case SQLITE_CONSTRAINT:
            return {StoreErrc::rejected, detail};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {StoreErrc::corrupt, detail};
        default:
            return {StoreErrc::unavailable, detail};
    }
}

void throw_corrupt(const char* what) {
    throw SqlError(SQLITE_CORRUPT, what);
}

Connection::Connection(const std::string& path, Mode mode) {
    configure_once();
    // NOMUTEX: a connection is used by one thread at a time, so SQLite need not lock it.
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    if (code != SQLITE_OK) {
        const SqlError failure = handle_ ? error() : SqlError(code, sqlite3_errstr(code));
        sqlite3_close_v2(handle_);
        throw failure;
    }
    sqlite3_extended_result_codes(handle_, 1);
}

Connection::~Connection() {
    sqlite3_close_v2(handle_);
}

void Connection::execute(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw error();
}

std::int64_t Connection::query_int(const char* sql) {
    Statement statement(*this, sql);
    auto cursor = statement.open();
    if (!cursor.next()) throw_corrupt("a query without an answer");
    return cursor.integer(0);
}

std::string Connection::query_text(const char* sql) {
    Statement statement(*this, sql);
    auto cursor = statement.open();
    if (!cursor.next()) throw_corrupt("a query without an answer");
    return cursor.string(0);
}

bool Connection::rollback() noexcept {
    if (!in_transaction()) return true;
    return sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
}

SqlError Connection::error() const {
    return {sqlite3_extended_errcode(handle_), sqlite3_errmsg(handle_)};
}

Statement::Statement(Connection& connection, const std::string& sql) : connection_(connection.handle()) {
    const int code = sqlite3_prepare_v3(connection_, sql.c_str(), static_cast<int>(sql.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
    if (code != SQLITE_OK) throw connection.error();
}

void Statement::bind(int index, NullIfZero value) {
    const bool zero = std::all_of(value.bytes.begin(), value.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
    if (zero)
        sqlite3_bind_null(handle_, index);
    else
        bind(index, value.bytes);
}

void Statement::run_bound() {
    int code = sqlite3_step(handle_);
    while (code == SQLITE_ROW) code = sqlite3_step(handle_);
    if (code != SQLITE_DONE) {
        const SqlError failure(sqlite3_extended_errcode(connection_), sqlite3_errmsg(connection_));
        sqlite3_reset(handle_);
        throw failure;
    }
    sqlite3_reset(handle_);
}

bool Cursor::next() {
    const int code = sqlite3_step(statement_->handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw SqlError(sqlite3_extended_errcode(statement_->connection_), sqlite3_errmsg(statement_->connection_));
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
    connection_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

}  // namespace onhand::storage::sqlite
