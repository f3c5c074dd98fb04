#include "storage/postgres/insert_table.hpp"

#include "base/ensure.hpp"

namespace onhand::storage::postgres {

namespace {

std::string parameter(int number, Type type, bool is_array) {
    return "$" + std::to_string(number) + "::" + Column::name_of(type) + (is_array ? "[]" : "");
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
    return text;
}

// unnest() pads the shorter arrays with NULL, so a column that was sent empty has its shared value in every row.
std::string insert_sql(const char* table, const std::vector<InsertTable::ColumnSpec>& columns,
                       const std::vector<InsertTable::Derived>& derived, int leading, const char* suffix) {
    std::string names;
    std::string values;
    std::string arrays;
    const int count = static_cast<int>(columns.size());
    std::vector<std::string> expressions;
    for (int at = 0; at < count; ++at) {
        const auto& column = columns[static_cast<std::size_t>(at)];
        const std::string comma = at == 0 ? "" : ", ";
        std::string value = std::string("u.") + column.name;
        if (at > 0) value = "coalesce(" + value + ", " + parameter(leading + count + at, column.type, false) + ")";
        names += comma + column.name;
        values += comma + (column.as[0] != '\0' ? replaced(column.as, "{}", value) : value);
        arrays += comma + parameter(leading + at + 1, column.type, true);
        expressions.push_back(std::move(value));
    }
    const std::string array_names = names;
    for (const auto& column : derived) {
        std::string value = column.sql;
        for (std::size_t at = 0; at < columns.size(); ++at)
            value = replaced(std::move(value), std::string("{") + columns[at].name + "}", expressions[at]);
        names += std::string(", ") + column.name;
        values += ", " + value;
    }
    return std::string("INSERT INTO ") + table + " (" + names + ") SELECT " + values + " FROM unnest(" + arrays +
           ") AS u (" + array_names + ")" + suffix;
}

}  // namespace

InsertTable::InsertTable(const char* table, std::vector<ColumnSpec> columns, std::vector<Derived> derived, int leading,
                         const char* suffix)
    : name_(std::string("insert_") + table + "_" + columns.front().name),
      sql_(insert_sql(table, columns, derived, leading, suffix)),
      statement_{name_.c_str(), sql_.c_str()} {
    for (const auto& column : columns) columns_.emplace_back(column.type, columns_.empty());
}

void InsertTable::clear() {
    for (Column& column : columns_) column.clear();
}

void InsertTable::send(Connection& connection, Params& params) const {
    if (rows() == 0) return;
    for (const Column& column : columns_) {
        ensure(column.size() == rows(), "every row has every column");
        column.pass_array(params);
    }
    for (const Column& column : columns_)
        if (!column.varies()) column.pass_shared(params);
    connection.send(statement_, params);
}

}  // namespace onhand::storage::postgres
