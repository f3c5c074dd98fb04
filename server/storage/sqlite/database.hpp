#pragma once
// A thin owner of SQLite's connections and prepared statements, for the files of this folder only. A connection and
// its statements belong to one thread at a time. Failures inside the folder travel as SqlError; the port's methods
// catch it and answer with a StoreError, so it never leaves the room. SQL texts are constants; data is always bound.

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "storage/storage.hpp"

namespace onhand::storage::sqlite {

// What SQLite answered when it was not OK, ROW or DONE.
class SqlError : public std::runtime_error {
  public:
    // `code` is an extended result code.
    SqlError(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
    int code() const { return code_; }
    int primary() const { return code_ & 0xff; }

  private:
    int code_;
};

// The same as the port tells it. BUSY and LOCKED: conflict; FULL: full; CORRUPT and NOTADB: corrupt; all else:
// unavailable.
StoreError to_store_error(const SqlError& error);

// Thrown for rows that SQLite could read and that make no sense.
[[noreturn]] void throw_corrupt(const char* what);

class Connection {
  public:
    enum class Mode { write, read };

    // Opens or (Mode::write) creates `path`. Throws SqlError.
    Connection(const std::string& path, Mode mode);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Runs one or more statements that give no rows.
    void execute(const char* sql);
    // The first column of the first row of `sql`, as an integer or text.
    std::int64_t query_int(const char* sql);
    std::string query_text(const char* sql);

    bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
    // Rolls back when a transaction is open; never throws. False when the rollback itself failed.
    bool rollback() noexcept;
    // How long a statement waits for a lock that another connection holds.
    void set_busy_timeout(int ms) { sqlite3_busy_timeout(handle_, ms); }

    // The error of the last call on this connection.
    SqlError error() const;
    sqlite3* handle() const { return handle_; }

  private:
    sqlite3* handle_ = nullptr;
};

// Binds NULL for an empty text, else the text.
struct NullIfEmpty {
    std::string_view text;
};
// Binds NULL for an all-zero value, else the bytes.
struct NullIfZero {
    std::span<const std::uint8_t> bytes;
};
// Binds NULL for 0, else the number.
struct NullIfNone {
    std::int64_t value;
};

class Cursor;

// A prepared statement, kept for reuse. Texts and blobs are bound without a copy: they must live until the statement
// is reset, which run() and the end of a Cursor do.
class Statement {
  public:
    Statement(Connection& connection, const std::string& sql);
    ~Statement() { sqlite3_finalize(handle_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Binds `values` to the parameters 1, 2, … and runs the statement to its end.
    template <class... Values>
    void run(const Values&... values) {
        bind_all(values...);
        run_bound();
    }

    // Binds, and gives a cursor on the rows. One cursor per statement at a time.
    template <class... Values>
    Cursor open(const Values&... values);

  private:
    friend class Cursor;

    template <class... Values>
    void bind_all(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }
    void bind(int index, std::int64_t value) { sqlite3_bind_int64(handle_, index, value); }
    void bind(int index, std::string_view value) {
        sqlite3_bind_text(handle_, index, value.data() ? value.data() : "", static_cast<int>(value.size()),
                          SQLITE_STATIC);
    }
    void bind(int index, std::span<const std::uint8_t> value) {
        static const std::uint8_t nothing = 0;
        sqlite3_bind_blob(handle_, index, value.data() ? value.data() : &nothing, static_cast<int>(value.size()),
                          SQLITE_STATIC);
    }
    template <std::size_t Size>
    void bind(int index, const std::array<std::uint8_t, Size>& value) {
        bind(index, std::span<const std::uint8_t>{value});
    }
    void bind(int index, NullIfEmpty value) {
        if (value.text.empty())
            sqlite3_bind_null(handle_, index);
        else
            bind(index, value.text);
    }
    void bind(int index, NullIfZero value);
    void bind(int index, NullIfNone value) {
        if (value.value == 0)
            sqlite3_bind_null(handle_, index);
        else
            bind(index, value.value);
    }
    void run_bound();

    sqlite3* connection_ = nullptr;
    sqlite3_stmt* handle_ = nullptr;
};

// The rows of a running statement. Texts and blobs read from it are valid until the next call of next().
class Cursor {
  public:
    explicit Cursor(Statement& statement) : statement_(&statement) {}
    ~Cursor() {
        if (statement_) sqlite3_reset(statement_->handle_);
    }
    Cursor(Cursor&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Cursor& operator=(Cursor&&) = delete;

    // Goes to the next row; false after the last. Throws SqlError.
    bool next();

    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_->handle_, column); }
    bool is_null(int column) const { return sqlite3_column_type(statement_->handle_, column) == SQLITE_NULL; }
    std::string_view text(int column) const {
        const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_->handle_, column));
        if (!data) return {};
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_->handle_, column))};
    }
    std::string string(int column) const { return std::string(text(column)); }
    std::span<const std::uint8_t> blob(int column) const {
        const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_->handle_, column));
        return {data, data ? static_cast<std::size_t>(sqlite3_column_bytes(statement_->handle_, column)) : 0};
    }
    // Exactly Size bytes; NULL is all zero; anything else is corrupt.
    template <std::size_t Size>
    std::array<std::uint8_t, Size> bytes(int column) const {
        std::array<std::uint8_t, Size> value{};
        const auto data = blob(column);
        if (data.size() != Size && !data.empty()) throw_corrupt("a blob of the wrong length");
        if (!data.empty()) std::memcpy(value.data(), data.data(), Size);
        return value;
    }
    // An enumeration stored as its number, 0 to `last`.
    template <class Enum>
    Enum enumeration(int column, Enum last) const {
        const auto value = integer(column);
        if (value < 0 || value > static_cast<std::int64_t>(last)) throw_corrupt("an unknown code");
        return static_cast<Enum>(value);
    }

  private:
    Statement* statement_;
};

template <class... Values>
Cursor Statement::open(const Values&... values) {
    bind_all(values...);
    return Cursor(*this);
}

// A transaction on one connection: rolled back at the end of the scope unless commit() returned.
class Transaction {
  public:
    enum class Kind { read, write };
    Transaction(Connection& connection, Kind kind);
    ~Transaction() { connection_.rollback(); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() { connection_.execute("COMMIT"); }

  private:
    Connection& connection_;
};

}  // namespace onhand::storage::sqlite
