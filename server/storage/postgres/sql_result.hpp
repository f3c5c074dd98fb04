#pragma once
// The rows that a statement gave, all in memory, columns in binary format. Texts and bytes read from it live as long as
// the result. A value of a size that its kind cannot have is a CorruptRow. One thread at a time.

#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "storage/postgres/sql_error.hpp"

namespace onhand::storage::postgres {

class SqlResult {
  public:
    // Takes ownership.
    explicit SqlResult(PGresult* handle) : handle_(handle) {}

    int rows() const { return PQntuples(handle_.get()); }
    bool empty() const { return rows() == 0; }

    bool is_null(int row, int column) const { return PQgetisnull(handle_.get(), row, column) != 0; }
    // int2, int4 and int8; NULL is 0.
    std::int64_t integer(int row, int column) const;
    bool boolean(int row, int column) const;
    // NULL is empty.
    std::string_view text(int row, int column) const;
    std::string string(int row, int column) const { return std::string(text(row, column)); }
    std::span<const std::uint8_t> bytes(int row, int column) const;
    // Exactly Size bytes; NULL is all zero.
    template <std::size_t Size>
    std::array<std::uint8_t, Size> fixed(int row, int column) const {
        std::array<std::uint8_t, Size> value{};
        const auto data = bytes(row, column);
        if (is_null(row, column)) return value;
        if (data.size() != Size) throw_corrupt("a value of the wrong length");
        std::memcpy(value.data(), data.data(), Size);
        return value;
    }
    // NULL is nil.
    Uuid uuid(int row, int column) const { return Uuid{fixed<16>(row, column)}; }
    // An enumeration stored as its number, 0 to `last`.
    template <class Enum>
    Enum enumeration(int row, int column, Enum last) const {
        const auto value = integer(row, column);
        if (value < 0 || value > static_cast<std::int64_t>(last)) throw_corrupt("an unknown code");
        return static_cast<Enum>(value);
    }

    // What was done: "COMMIT", "INSERT 0 5". COMMIT of a failed transaction says "ROLLBACK".
    std::string_view command_tag() const { return PQcmdStatus(handle_.get()); }
    // How many rows an INSERT, UPDATE, DELETE or SELECT touched.
    std::int64_t affected() const;

    ExecStatusType status() const { return PQresultStatus(handle_.get()); }
    // The statement was done.
    bool good() const { return status() == PGRES_COMMAND_OK || status() == PGRES_TUPLES_OK; }
    // Of a failure; PG_DIAG_SQLSTATE and others. Empty when there is none.
    std::string error_field(int field) const;

  private:
    struct Clear {
        void operator()(PGresult* handle) const { PQclear(handle); }
    };
    std::unique_ptr<PGresult, Clear> handle_;
};

}  // namespace onhand::storage::postgres
