#include "storage/postgres/insert_table.hpp"

#include "base/ensure.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr std::size_t columns_max = 32;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
    return text;
}

void append(std::string& list, const std::string& entry) {
    if (!list.empty()) list += ", ";
    list += entry;
}

bool differs(std::uint32_t differing, std::size_t column) {
    return (differing >> column & 1) != 0;
}

}  // namespace

InsertTable::InsertTable(const char* table, std::vector<ColumnSpec> columns, std::vector<Derived> derived, int leading,
                         const char* suffix)
    : table_(table), specs_(std::move(columns)), derived_(std::move(derived)), leading_(leading), suffix_(suffix) {
    ensure(specs_.size() <= columns_max, "each column has a bit");
    for (const auto& spec : specs_) columns_.emplace_back(spec.type, columns_.empty());
}

// Each column is one parameter: an array of the values, or the value that all rows have.
std::string InsertTable::sql(std::uint32_t differing) const {
    std::string names;
    std::string values;
    std::string arrays;
    std::string array_names;
    std::vector<std::string> expressions;
    for (std::size_t at = 0; at < specs_.size(); ++at) {
        const ColumnSpec& spec = specs_[at];
        const std::string parameter =
            "$" + std::to_string(static_cast<std::size_t>(leading_) + at + 1) + "::" + Column::name_of(spec.type);
        if (differs(differing, at)) {
            append(arrays, parameter + "[]");
            append(array_names, spec.name);
        }
        expressions.push_back(differs(differing, at) ? std::string("u.") + spec.name : parameter);
        append(names, spec.name);
        append(values, spec.as[0] != '\0' ? replaced(spec.as, "{}", expressions.back()) : expressions.back());
    }
    for (const auto& column : derived_) {
        std::string value = column.sql;
        for (std::size_t at = 0; at < specs_.size(); ++at)
            value = replaced(std::move(value), std::string("{") + specs_[at].name + "}", expressions[at]);
        append(names, column.name);
        append(values, value);
    }
    return "INSERT INTO " + table_ + " (" + names + ") SELECT " + values + " FROM unnest(" + arrays + ") AS u (" +
           array_names + ")" + suffix_;
}

void InsertTable::clear() {
    for (Column& column : columns_) column.clear();
}

void InsertTable::send(Connection& connection, Params& params) {
    if (rows() == 0) return;
    std::uint32_t differing = 0;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        const Column& column = columns_[at];
        ensure(column.size() == rows(), "every row has every column");
        if (column.is_shared()) {
            column.pass_shared(params);
        } else {
            column.pass_array(params);
            differing |= std::uint32_t{1} << at;
        }
    }
    auto found = statements_.find(differing);
    if (found == statements_.end()) {
        if (statements_.size() >= statements_max) return connection.send_text(sql(differing), params);
        auto prepared = std::make_unique<Prepared>();
        prepared->name = "insert_" + table_ + "_" + specs_.front().name + "_" + std::to_string(differing);
        prepared->sql = sql(differing);
        prepared->statement = {prepared->name.c_str(), prepared->sql.c_str()};
        found = statements_.emplace(differing, std::move(prepared)).first;
    }
    connection.send(found->second->statement, params);
}

}  // namespace onhand::storage::postgres
