#include "storage/postgres/sql_result.hpp"

#include "base/text.hpp"

namespace onhand::storage::postgres {

std::int64_t SqlResult::integer(int row, int column) const {
    if (is_null(row, column)) return 0;
    const auto data = bytes(row, column);
    if (data.size() != 8 && data.size() != 4 && data.size() != 2) throw_corrupt("a number of the wrong size");
    // The first byte carries the sign.
    std::int64_t value = static_cast<std::int8_t>(data[0]);
    for (std::size_t at = 1; at < data.size(); ++at) value = value * 256 + data[at];
    return value;
}

bool SqlResult::boolean(int row, int column) const {
    const auto data = bytes(row, column);
    if (data.size() != 1) throw_corrupt("a truth value of the wrong size");
    return data[0] != 0;
}

std::string_view SqlResult::text(int row, int column) const {
    return {PQgetvalue(handle_.get(), row, column), static_cast<std::size_t>(PQgetlength(handle_.get(), row, column))};
}

std::span<const std::uint8_t> SqlResult::bytes(int row, int column) const {
    return {reinterpret_cast<const std::uint8_t*>(PQgetvalue(handle_.get(), row, column)),
            static_cast<std::size_t>(PQgetlength(handle_.get(), row, column))};
}

std::int64_t SqlResult::affected() const {
    return parse_int(PQcmdTuples(handle_.get())).value_or(0);
}

std::string SqlResult::error_field(int field) const {
    const char* text = PQresultErrorField(handle_.get(), field);
    return text ? text : "";
}

}  // namespace onhand::storage::postgres
